#include "experiments/beyond/intrinsic_dimension.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/experiments/fake_cells.h"

namespace intrinsic_dimension_test {

using namespace experiments::beyond;
using namespace experiments::beyond::intrinsic_dimension;

namespace {

CellResult scored(const std::string& base, const std::string& method, int d, double value) {
  Cell cell = fake::cell("nli", {}, 0, 1);
  cell.method = method;
  cell.size = d;
  cell.base = base;
  CellResult result = fake::result(cell);
  result.value = value;
  return result;
}

}  // namespace

TEST_CASE("intrinsic-dimension: one seed on each base, and more where more are asked for") {
  const auto seeds = [](const Settings& options) {
    std::set<std::uint64_t> seeds;
    for (const Cell& cell : intrinsic_dimension::experiment().cells(options))
      seeds.insert(cell.seed);
    return seeds.size();
  };
  Settings options = settings_of(Preset::quick);
  CHECK(seeds(options) == 4);
  options.seeds = 4;
  options.seeds_given = true;
  CHECK(seeds(options) == 16);
}

TEST_CASE("d90 is the least d that reaches 90 % of full fine-tuning from the same start") {
  const std::vector<CellResult> results{
      scored("pretrained", "frozen", 0, 0.3),     scored("pretrained", "full", 0, 1.0),
      scored("pretrained", "subspace", 8, 0.5),   scored("pretrained", "subspace", 32, 0.91),
      scored("pretrained", "subspace", 64, 0.85), scored("random", "frozen", 0, 0.1),
      scored("random", "full", 0, 0.8),           scored("random", "subspace", 8, 0.5),
      scored("random", "subspace", 32, 0.7)};
  const auto found = intrinsic_dimensions(results);
  const auto& trained = found.at({"nli", "pretrained"}).at({2, 1});
  CHECK(trained.d90 == 32);
  CHECK(trained.full == 100);
  CHECK(trained.largest == 64);
  const auto& control = found.at({"nli", "random"}).at({2, 1});
  CHECK(!control.d90);
  CHECK(control.largest == 32);
}

TEST_CASE("d90 is 0 where there is nothing to learn, and needs full fine-tuning") {
  const auto found = intrinsic_dimensions(
      {scored("random", "frozen", 0, 0.38), scored("random", "full", 0, 0.40),
       scored("random", "subspace", 8, 0.38), scored("pretrained", "subspace", 8, 0.5)});
  CHECK(found.at({"nli", "random"}).at({2, 1}).d90 == 0);
  CHECK(!found.contains({"nli", "pretrained"}));
}

TEST_CASE("intrinsic dimension: a repetition without full fine-tuning has a line and no d90") {
  CellResult other = scored("pretrained", "subspace", 8, 0.5);
  other.cell.seed = 2;
  const std::string csv =
      intrinsic_dimension::csv(
          {scored("pretrained", "full", 0, 0.8), scored("pretrained", "subspace", 8, 0.8), other})
          .text();
  CHECK(csv.find(",1,subspace,8,0.8,") != std::string::npos);
  CHECK(csv.find(",8,8\n") != std::string::npos);  // of the first repetition
  const auto line = csv.find(",2,subspace,8,0.5,");
  REQUIRE(line != std::string::npos);
  CHECK(csv.substr(csv.find('\n', line) - 2, 2) == ",,");
}

}  // namespace intrinsic_dimension_test
