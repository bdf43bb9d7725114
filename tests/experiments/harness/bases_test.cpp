#include "experiments/harness/bases.h"

#include <doctest/doctest.h>

#include "experiments/training/adapt.h"
#include "nn/files/checkpoint.h"
#include "tests/nn/temporary_folder.h"

namespace bases_test {

using namespace experiments::harness;

namespace {

Cell cell_at(int width, int depth, long base_steps) {
  Cell cell;
  cell.task = "nli";
  cell.targets = {"q"}, cell.rank = 2, cell.alpha = 4, cell.scaling = "alpha/r";
  cell.base_seed = 7, cell.seed = 1;
  cell.lr = 1e-2, cell.steps = 2, cell.examples = 40;
  cell.width = width, cell.depth = depth, cell.base_steps = base_steps;
  return cell;
}

std::size_t files_in(const std::filesystem::path& folder) {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a base of every width, depth and number of steps is made, kept and found again") {
  const TemporaryFolder folder;
  const std::vector<Cell> cells{cell_at(64, 1, 0), cell_at(64, 3, 0), cell_at(32, 2, 0),
                                cell_at(64, 1, 3)};
  Bases bases(folder.path(), 2);
  for (const Cell& cell : cells) {
    bases.prepare(cell);
    const Base& base = bases.of(cell);
    CHECK(base.config.model.layers == cell.depth);
    CHECK(base.config.model.d_model == cell.width);
    CHECK(base.config.steps == (cell.base_steps > 0 ? cell.base_steps : 2));
    CHECK(has_base(base_of_cell(cell, 2), folder.path()));
    const CellResult result = run_cell(base, cell, ScoreOn::validation);
    CHECK(result.trainable == cell.depth * 2 * 2 * cell.width);
  }
  CHECK(files_in(folder.path()) == cells.size());

  Bases again(folder.path(), 2);
  for (const Cell& cell : cells) {
    again.prepare(cell);
    CHECK(nn::fingerprint(*copy_of(*again.of(cell).model)) ==
          nn::fingerprint(*copy_of(*bases.of(cell).model)));
  }
  CHECK(files_in(folder.path()) == cells.size());
  CHECK_THROWS_AS(again.of(cell_at(64, 2, 0)), std::logic_error);
}

TEST_CASE("a recurrent base is told from a decoder of the same width and depth, and made as well") {
  const TemporaryFolder folder;
  Cell decoder = cell_at(32, 1, 0), lstm = decoder, gru = decoder;
  lstm.architecture = "lstm", gru.architecture = "gru";
  lstm.targets = gru.targets = {"ih"};
  Bases bases(folder.path(), 2);
  bases.prepare({decoder, lstm, gru}, 2);
  CHECK(files_in(folder.path()) == 3);
  CHECK(shape_text(bases.of(lstm).config) == ", lstm of width 32, depth 1");
  CHECK(shape_text(bases.of(decoder).config) == ", width 32, depth 1");
  for (const auto& [cell, gates] : {std::pair(lstm, 4), std::pair(gru, 3)}) {
    CHECK(bases.of(cell).config.recurrent->hidden == 32);
    CHECK(run_cell(bases.of(cell), cell, ScoreOn::validation).trainable == 2 * 32 * (1 + gates));
    Cell random = cell;
    random.base = "random";
    bases.prepare(random);
    CHECK(nn::fingerprint(*copy_of(*bases.of(random).model)) !=
          nn::fingerprint(*copy_of(*bases.of(cell).model)));
  }
}

TEST_CASE("bases that are trained beside each other have the bits of those trained alone") {
  const TemporaryFolder together, alone;
  Cell other = cell_at(64, 1, 0);
  other.base_seed = 8;
  Cell random = other;
  random.base = "random";
  const std::vector<Cell> cells{cell_at(64, 1, 0), other, cell_at(64, 2, 0), other, random};
  Bases bases(together.path(), 3), one_by_one(alone.path(), 3);
  bases.prepare(cells, 2);
  CHECK(files_in(together.path()) == 3);
  for (const Cell& cell : cells) {
    one_by_one.prepare(cell);
    CHECK(nn::fingerprint(*copy_of(*bases.of(cell).model)) ==
          nn::fingerprint(*copy_of(*one_by_one.of(cell).model)));
  }
  CHECK(nn::fingerprint(*copy_of(*bases.of(cells[0]).model)) !=
        nn::fingerprint(*copy_of(*bases.of(other).model)));
}

TEST_CASE("the usual base is what it was before there were depths") {
  CHECK(hash(base_of_cell(cell_at(64, 2, 0), 600)) == hash(base_config(7, 600)));
  CHECK(hash(base_of_cell(cell_at(64, 2, 600), 8000)) == hash(base_config(7, 600)));
  CHECK(hash(base_of_cell(cell_at(64, 3, 0), 600)) != hash(base_config(7, 600)));
}

TEST_CASE("a base of sqlgen alone is another one, and a random one is not trained") {
  Cell cell = cell_at(64, 2, 600);
  cell.base = "sqlgen";
  const BaseConfig config = base_of_cell(cell, 8000);
  REQUIRE(config.until_answered);
  CHECK(config.until_answered->task == data::BaseTask::sqlgen);
  CHECK(config.steps == 600);
  CHECK(hash(config) != hash(base_config(7, 600)));
  const TemporaryFolder folder;
  const Bases bases(folder.path(), 2);
  CHECK_FALSE(bases.is_made(cell));
  cell.base = "random", cell.base_steps = 0;
  CHECK(bases.is_made(cell));
}

TEST_CASE("a deeper base takes longer, and one without layers is refused") {
  CHECK(pretraining_seconds(base_config(7, 100, 64, 4)) ==
        doctest::Approx(2 * pretraining_seconds(base_config(7, 100))));
  CHECK_THROWS_WITH(base_config(7, 100, 64, 0), "depth 0: at least 1 layer is wanted");
  CHECK_THROWS_WITH(base_config(7, 100, 40, 2), "width 40: a multiple of 16 is wanted");
}

}  // namespace bases_test
