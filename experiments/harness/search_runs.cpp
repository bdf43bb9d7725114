#include "experiments/harness/search_runs.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/training/adapt.h"
#include "lora/methods/method.h"

namespace experiments::harness {

namespace {

// The width of the base on which the ranges were found.
constexpr double searched_width = 64;

// Doublings or halvings that a search goes beyond an edge of its first rates, on either side.
constexpr int most_steps_beyond = 4;

using ByKey = std::map<std::string, CellResult>;

std::vector<Cell> runs_at(const Cell& searched, const std::vector<double>& rates) {
  std::vector<Cell> runs;
  for (const double lr : rates) {
    for (const std::uint64_t seed : search_seeds()) {
      Cell run = searched;
      run.lr = lr;
      run.seed = seed;
      runs.push_back(run);
    }
  }
  return runs;
}

double score_of(const CellResult& result) {
  const double loss = result.more.at("train_nll");
  return std::isfinite(loss) ? 100 * result.value : std::numeric_limits<double>::quiet_NaN();
}

// What the finished runs say of these rates; nothing as long as one is missing.
std::optional<LrSearch> judged(const Cell& searched, const std::vector<double>& rates,
                               const ByKey& results) {
  LrSearch search{searched.task, searched.method, searched.targets, {}, {}};
  for (const Cell& run : runs_at(searched, rates)) {
    const auto result = results.find(run.key());
    if (result == results.end()) return std::nullopt;
    if (search.grid.empty() || search.grid.back().lr != run.lr) search.grid.push_back({run.lr, {}});
    search.grid.back().scores.push_back(score_of(result->second));
  }
  search.choice = choose_lr(search.grid);
  return search;
}

// The rates of a search as far as its finished runs lead it: the first, and from a best at an edge
// one more beyond it, until the best lies inside or most_steps_beyond were taken.
std::vector<double> rates_so_far(const Cell& searched, const ByKey& results,
                                 const FirstRates& first) {
  std::vector<double> rates = first(searched);
  const double lowest = std::ldexp(rates.front(), -most_steps_beyond);
  const double highest = std::ldexp(rates.back(), most_steps_beyond);
  while (const auto search = judged(searched, rates, results)) {
    const LrChoice::Edge edge = search->choice.edge;
    if (edge == LrChoice::Edge::highest && rates.back() < highest)
      rates.push_back(2 * rates.back());
    else if (edge == LrChoice::Edge::lowest && rates.front() > lowest)
      rates.insert(rates.begin(), rates.front() / 2);
    else
      break;
  }
  return rates;
}

ByKey by_key(const std::vector<CellResult>& results) {
  ByKey keyed;
  for (const CellResult& result : results) keyed.emplace(result.cell.key(), result);
  return keyed;
}

}  // namespace

const std::vector<std::uint64_t>& search_seeds() {
  static const std::vector<std::uint64_t> seeds{101, 102, 103};
  return seeds;
}

std::vector<Cell> distinct(const std::vector<Cell>& cells) {
  std::vector<Cell> once;
  std::set<std::string> keys;
  for (const Cell& cell : cells)
    if (keys.insert(cell.key()).second) once.push_back(cell);
  return once;
}

Cell searched_cell(const Cell& cell, const Settings& settings) {
  Cell searched = task_cell(settings, data::parse_task(cell.task), settings.base_seeds.front(), 0);
  if (cell.rank > 0) searched = lora_cell(searched, settings, cell.targets, 4);
  const int size =
      cell.size == 0 ? 0 : usual_size(lora::method(cell.method), base_config(0, 0).model);
  return method_cell(searched, cell.method, size);
}

// What trains weights that the base already has wants low rates, and the more of them the lower:
// every step moves all of them by the rate, which is what Adam does. LoRA's product starts at zero
// and is scaled; biases and prefixes are few, and a prefix has to grow to the size of a hidden
// state. Table 12 has the same order: fine-tuning 5e-6, adapters 1e-4, LoRA 2e-4, prefixes up to
// 5e-4, biases 1.6e-3.
double lowest_rate(const std::string& method) {
  static const std::map<std::string, double> lowest{
      {"full", 2.5e-4},      {"top-layers", 2.5e-4},   {"adapter-h", 1e-3},
      {"adapter-l", 1e-3},   {"prompt-encoder", 1e-3}, {"bitfit", 2.5e-3},
      {"lora", 2.5e-3},      {"lora+prefix", 2.5e-3},  {"prefix-embedding", 5e-3},
      {"prefix-layer", 5e-3}};
  const auto found = lowest.find(method);
  if (found == lowest.end())
    throw std::invalid_argument(fmt::format("no learning rates are searched for '{}'", method));
  return found->second;
}

std::vector<double> eight_rates(const Cell& searched) {
  double lowest = lowest_rate(searched.method) * searched_width / searched.width;
  if (searched.optimizer == "sgd") lowest *= 20;  // its steps are as small as the gradient
  return lr_grid(lowest, 8);
}

std::vector<double> rates_near_recorded(const Cell& searched) {
  return lr_grid(rate_of(searched, recorded_learning_rates()) / 2, 3);
}

double rate_of(const Cell& cell, const LearningRates& rates) {
  return rates.find(cell.task, cell.method, cell.targets).choice.lr * searched_width / cell.width;
}

std::vector<Cell> search_runs(const std::vector<Cell>& cells, const FirstRates& first) {
  return missing_runs(cells, {}, first);
}

std::vector<Cell> missing_runs(const std::vector<Cell>& cells,
                               const std::vector<CellResult>& results, const FirstRates& first) {
  const ByKey known = by_key(results);
  std::vector<Cell> missing;
  for (const Cell& searched : distinct(cells))
    for (const Cell& run : runs_at(searched, rates_so_far(searched, known, first)))
      if (!known.contains(run.key())) missing.push_back(run);
  return missing;
}

std::vector<std::optional<LrSearch>> found_searches(const std::vector<Cell>& cells,
                                                    const std::vector<CellResult>& results,
                                                    const FirstRates& first) {
  const ByKey known = by_key(results);
  std::vector<std::optional<LrSearch>> searches;
  for (const Cell& cell : cells)
    searches.push_back(judged(cell, rates_so_far(cell, known, first), known));
  return searches;
}

std::vector<LrSearch> complete_searches(const std::vector<CellResult>& results,
                                        const Settings& settings) {
  const ByKey known = by_key(results);
  std::vector<Cell> searched;
  for (const CellResult& result : results) {
    Cell cell = result.cell;
    cell.lr = 0;
    cell.seed = 0;
    if (searched_cell(cell, settings).key() == cell.key()) searched.push_back(cell);
  }
  std::vector<LrSearch> complete;
  for (const Cell& cell : distinct(searched))
    if (const auto search = judged(cell, rates_so_far(cell, known, eight_rates), known))
      complete.push_back(*search);
  return complete;
}

}  // namespace experiments::harness
