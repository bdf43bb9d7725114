#include "experiments/adapters.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>

#include "nn/file.h"
#include "tests/nn/temporary_folder.h"

using namespace experiments;

namespace {

int finished_lines(const std::filesystem::path& file) {
  const std::string text = nn::read_file(file);
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("adapters are trained once, and read by whoever asks for them") {
  const TemporaryFolder folder;
  StudyOptions options;
  options.out = folder.path();
  options.base_steps = 1;
  Progress quiet(std::tmpfile(), false, 1e9);
  Bases bases(options.out / "base", options.base_steps);
  std::vector<Cell> cells;
  for (const int rank : {4, 8}) {
    Cell cell = adapter_cell(task_cell(options, data::Task::nli, 2, 1), options, rank);
    cell.lr = 1e-2;
    cell.steps = 2;
    cell.examples = 40;
    cells.push_back(cell);
  }
  CHECK(adapter_cell(cells[0], options, 8, AlphaRule::proportional).alpha == 16);

  const auto first = adapted_models({cells[0]}, options, bases, quiet);
  REQUIRE(first);
  REQUIRE(first->size() == 1);
  CHECK(first->at(0).matrices.size() == 4);
  const AdaptedMatrix& matrix = first->at(0).matrices.at("blocks.1.attn.v");
  CHECK(matrix.A.rows() == 4);
  CHECK(matrix.delta.sigma.size() == 4);
  CHECK(matrix.delta.sigma(0) > 0);
  CHECK(finished_lines(options.out / "adapters" / "cells.jsonl") == 1);

  const auto both = adapted_models(cells, options, bases, quiet);
  REQUIRE(both->size() == 2);
  CHECK(finished_lines(options.out / "adapters" / "cells.jsonl") == 2);
  CHECK(both->at(0).matrices.at("blocks.1.attn.v").A == matrix.A);
  CHECK(both->at(1).cell.rank == 8);

  Bases again(options.out / "base", options.base_steps);  // as another process finds it
  const auto read = adapted_models({cells[1]}, options, again, quiet);
  CHECK(finished_lines(options.out / "adapters" / "cells.jsonl") == 2);
  CHECK(read->at(0).matrices.at("blocks.0.attn.q").A ==
        both->at(1).matrices.at("blocks.0.attn.q").A);
  CHECK(kind_of("blocks.0.attn.q") == "q");
}
