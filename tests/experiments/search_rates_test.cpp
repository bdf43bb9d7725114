#include "experiments/search_rates.h"

#include <doctest/doctest.h>

using namespace experiments;

TEST_CASE("the rate of every method is searched on a cell that it can train") {
  const StudyOptions options = study_preset("quick");
  const nn::DecoderConfig model = base_config(2, 0).model;
  const Cell start = task_cell(options, data::Task::nli, 2, 1);
  for (const lora::Method* m : lora::all_methods()) {
    CAPTURE(m->name);
    Cell cell = m->has_lora ? lora_cell(start, options, {"o"}, 16) : start;
    cell = method_cell(cell, m->name, m->size_is ? 2 : 0);
    const Cell searched = searched_cell(cell, options);
    check_cell(searched);
    lora::validate(method_spec(searched), model);
    CHECK(searched.method == cell.method);
    CHECK(searched.targets == cell.targets);
    CHECK(searched.rank == (m->has_lora ? 4 : 0));
    CHECK((searched.size > 0) == (cell.size > 0));
    // One search for all sizes.
    if (m->size_is) cell.size = 1;
    CHECK(searched_cell(cell, options).key() == searched.key());
  }
}
