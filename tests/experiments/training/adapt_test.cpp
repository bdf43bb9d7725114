#include "experiments/training/adapt.h"

#include <doctest/doctest.h>

#include <cmath>

#include "nn/files/checkpoint.h"

using namespace experiments;

namespace {

/// A base that nobody has trained.
Base random_base() {
  const BaseConfig config = base_config(2, 0);
  return {config, std::make_shared<nn::Decoder>(config.model, config.seed)};
}

Cell cell_of(const std::string& method, int size = 0) {
  Cell cell;
  cell.task = "nli";
  cell.method = method;
  cell.size = size;
  return cell;
}

}  // namespace

TEST_CASE("a cell of every method is prepared, counted and trained, and its base stays") {
  const Base base = random_base();
  const std::string before = nn::fingerprint(*base.model);
  const auto examples = data::examples(data::tasks::nli, {}, data::Split::train, 1, 40);
  for (const lora::Method* m : lora::all_methods()) {
    CAPTURE(m->name);
    Cell cell = cell_of(m->name);
    cell.seed = 1;
    cell.lr = 1e-2;
    cell.steps = 3;
    cell.size = m->size_is ? 2 : 0;
    if (m->has_lora)
      cell.targets = {"q", "v"}, cell.rank = 3, cell.alpha = 6, cell.scaling = "alpha/r";
    const auto model = prepare(base, cell);
    CHECK(nn::count(nn::trainable_parameters(*model)) ==
          lora::count(method_spec(cell), base.config.model));
    const std::string start = nn::fingerprint(*model);
    CHECK(std::isfinite(train(*model, cell, examples)));
    CHECK(nn::fingerprint(*model) != start);
  }
  CHECK(nn::fingerprint(*base.model) == before);
}

TEST_CASE("a frozen cell has nothing to train") {
  const Base base = random_base();
  const auto model = prepare(base, cell_of("frozen"));
  CHECK(nn::trainable_parameters(*model).empty());
}

TEST_CASE("a method that the base has no room for is refused when it is prepared") {
  const Base base = random_base();
  CHECK_THROWS_WITH_AS(prepare(base, cell_of("top-layers", 3)),
                       "the size of top-layers (blocks) must be in 1..2, not 3",
                       std::invalid_argument);
}

TEST_CASE("a cell that diverged has a result: nothing right, and a NaN for its losses") {
  const Base base = random_base();
  Cell cell = cell_of("lora");
  cell.targets = {"q", "v"}, cell.rank = 3, cell.alpha = 6, cell.scaling = "alpha/r";
  cell.examples = 40;
  cell.lr = 1e39;
  for (const int steps : {1, 5}) {  // the last step, or a gradient before it, is not finite
    cell.steps = steps;
    const CellResult result = run_cell(base, cell, ScoreOn::validation);
    CHECK(std::isnan(result.nll));
    CHECK(result.value == 0);
    CHECK(std::isnan(result.more.at("train_nll")) == (steps > 1));
    CHECK(result.trainable > 0);
  }
}
