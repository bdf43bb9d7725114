#include "experiments/harness/search_rates.h"

#include "experiments/training/adapt.h"
#include "lora/methods/method.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "experiments/harness/shard_run.h"
#include "tests/experiments/fake_cells.h"

namespace search_rates_test {

using namespace experiments::harness;

namespace {

// The rates that a search tries where its scores fall off on both sides of `best`.
std::set<double> rates_tried(const Cell& searched, double best) {
  std::vector<CellResult> results;
  for (;;) {
    const std::vector<Cell> runs = missing_runs({searched}, results);
    if (runs.empty()) break;
    for (const Cell& run : runs) {
      CellResult result = fake::result(run);
      result.value = 1 / (1 + std::abs(std::log2(run.lr / best)));
      result.more["train_nll"] = 1;
      results.push_back(result);
    }
  }
  std::set<double> rates;
  for (const CellResult& result : results) rates.insert(result.cell.lr);
  CHECK(results.size() == 3 * rates.size());
  return rates;
}

}  // namespace

TEST_CASE("a search goes on beyond an edge until its best rate lies inside") {
  const Settings options = settings_of(Preset::quick);
  Cell cell = lora_cell(task_cell(options, data::tasks::nli, 2, 1), options, {"q"}, 4);
  cell = searched_cell(cell, options);
  const double low = lowest_rate("lora"), high = 128 * low;

  CHECK(rates_tried(cell, 4 * low).size() == 8);
  CHECK(rates_tried(cell, 2 * low).size() == 8);
  const auto above = rates_tried(cell, 2 * high);
  CHECK(*above.rbegin() == 4 * high);
  CHECK(*above.begin() == low);
  const auto below = rates_tried(cell, low);
  CHECK(*below.begin() == low / 2);
  CHECK(*below.rbegin() == high);
  // Four steps are the most.
  CHECK(*rates_tried(cell, 1000 * high).rbegin() == 16 * high);
  CHECK(*rates_tried(cell, low / 1000).begin() == low / 16);
}

TEST_CASE("the rate of every method is searched on a cell that it can train") {
  const Settings options = settings_of(Preset::quick);
  const nn::DecoderConfig model = base_config(2, 0).model;
  const Cell start = task_cell(options, data::tasks::nli, 2, 1);
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

TEST_CASE("what was searched at another K, or with other steps, is not taken for this one") {
  Settings options = settings_of(Preset::quick);
  std::vector<CellResult> results;
  const auto search = [&](int facts, double best) {
    options.facts = facts;
    const Cell cell = lora_cell(task_cell(options, data::tasks::sqlgen, 2, 1), options, {"q"}, 4);
    for (const Cell& run : search_runs({searched_cell(cell, options)})) {
      CellResult result = fake::result(run);
      result.value = run.lr == best ? 1 : 0.5;
      result.more["train_nll"] = 1;
      results.push_back(result);
    }
  };
  search(8, 0.02);
  search(20, 0.08);
  const auto found = [&](int facts) {
    options.facts = facts;
    return complete_searches(results, options);
  };
  REQUIRE(found(8).size() == 1);
  CHECK(found(8)[0].choice.lr == 0.02);
  REQUIRE(found(20).size() == 1);
  CHECK(found(20)[0].choice.lr == 0.08);
  CHECK(found(12).empty());
  options.steps_factor = 0.1;
  CHECK(found(20).empty());
}

TEST_CASE(
    "shards search whole rates, and a sweep's shard takes what they found or starts nothing") {
  const TemporaryFolder out;
  Settings options = settings_of(Preset::smoke);
  options.out = out.path();
  options.jobs = 2;
  options.base_steps = 1;
  options.steps_factor = 1e-9;  // a step each
  const std::vector<Cell> cells{searched_cell(
      lora_cell(task_cell(options, data::tasks::nli, 2, 1), options, {"q"}, 4), options)};
  std::FILE* quiet = std::fopen((out / "said").c_str(), "w");
  Progress progress(quiet, false, 1e9);
  Lab lab(options, progress);
  const auto shard = [&](int number) {
    lab.settings.dealer = std::make_shared<Dealer>(Shard{number, 2});
    search_rates(cells, lab);
  };
  const auto refusal = [&] {
    try {
      searched_rates(cells, options);
    } catch (const NotReady& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };

  CHECK_THROWS_WITH_AS(shard(1), doctest::Contains("the base of seed 2"), NotReady);
  CHECK(!std::filesystem::exists(out / "learning-rates"));
  CHECK(refusal().starts_with("not all learning rates are searched in "));
  CHECK_THROWS_AS(leave_with_bases("learning-rates", cells, lab.bases, 1), PartDone);
  CHECK_THROWS_AS(shard(2), PartDone);  // has none: a search is one piece
  CHECK(read_folder(out / "learning-rates").empty());
  CHECK(refusal() != "accepted");
  CHECK_THROWS_AS(shard(1), PartDone);
  CHECK(missing_runs(cells, read_folder(out / "learning-rates")).empty());
  CHECK(!std::filesystem::exists(out / "learning-rates/learning_rates.json"));
  REQUIRE(refusal() == "accepted");
  const LearningRates found = searched_rates(cells, options);

  lab.settings.dealer = nullptr;
  const LearningRates whole = search_rates(cells, lab);
  CHECK(whole.find("nli", "lora", {"q"}).choice.lr == found.find("nli", "lora", {"q"}).choice.lr);
  CHECK(std::filesystem::exists(out / "learning-rates/learning_rates.json"));
  std::fclose(quiet);
}

TEST_CASE("every row has a rate of its own, which all its repetitions share") {
  const TemporaryFolder out;
  Settings options = settings_of(Preset::smoke);
  options.out = out.path();
  options.jobs = 2;
  options.base_steps = 1;
  options.steps_factor = 1e-9;  // a step each
  std::vector<Cell> cells;
  for (const std::uint64_t seed : {1, 2}) {
    const Cell repetition = task_cell(options, data::tasks::nli, 10 + seed, seed);
    cells.push_back(frozen(repetition));
    for (const int rank : {1, 2}) cells.push_back(lora_cell(repetition, options, {"q"}, rank));
  }
  std::FILE* quiet = std::fopen((out / "said").c_str(), "w");
  Progress progress(quiet, false, 1e9);
  Lab lab(options, progress);
  lab.settings.dealer = std::make_shared<Dealer>(Shard{1, 2});
  CHECK_THROWS_WITH_AS(set_own_rates(cells, "rows/search", lab),
                       doctest::Contains("not all learning rates are searched in "), NotReady);
  lab.settings.dealer.reset();
  set_own_rates(cells, "rows/search", lab);
  const std::vector<CellResult> runs = read_folder(out / "rows/search");
  std::map<int, std::set<double>> tried;
  for (const CellResult& run : runs) {
    CHECK(run.cell.base_seed == 11);  // the first
    tried[run.cell.rank].insert(run.cell.lr);
  }
  CHECK(tried.size() == 2);
  for (const Cell& cell : cells) {
    if (cell.method == "frozen") {
      CHECK(cell.lr == 0);
      continue;
    }
    CHECK(tried.at(cell.rank).size() >= 3);
    CHECK(tried.at(cell.rank).contains(cell.lr));
    CHECK(cell.lr == cells[static_cast<std::size_t>(cell.rank)].lr);
  }
  // What is found is not searched again, and a shard reads it.
  for (Cell& cell : cells) cell.lr = 0;
  lab.settings.dealer = std::make_shared<Dealer>(Shard{1, 2});
  set_own_rates(cells, "rows/search", lab);
  CHECK(read_folder(out / "rows/search").size() == runs.size());
  CHECK(cells[1].lr > 0);
}

TEST_CASE("a short search begins near the recorded rate, and goes on beyond its edges") {
  const Settings options = settings_of(Preset::quick);
  Cell cell = lora_cell(task_cell(options, data::tasks::sqlgen, 2, 1), options, {"q", "v"}, 4);
  const double recorded = rate_of(cell, recorded_learning_rates());
  CHECK(rates_near_recorded(cell) == std::vector<double>{recorded / 2, recorded, 2 * recorded});
  cell.width = 256;
  CHECK(rates_near_recorded(cell)[1] == recorded / 4);
  std::vector<CellResult> results;
  for (const std::size_t more : {9, 3}) {  // the highest of the first is best: one rate more
    const std::vector<Cell> runs = missing_runs({cell}, results, rates_near_recorded);
    CHECK(runs.size() == more);
    for (const Cell& run : runs) {
      CellResult result = fake::result(run);
      result.value = run.lr <= recorded / 2 ? run.lr / recorded : 0;
      result.more["train_nll"] = 1;
      results.push_back(result);
    }
  }
  CHECK(missing_runs({cell}, results, rates_near_recorded).empty());
  CHECK(found_searches({cell}, results, rates_near_recorded)[0]->choice.lr == recorded / 2);
  CHECK_FALSE(found_searches({cell}, {}, rates_near_recorded)[0]);
}

}  // namespace search_rates_test
