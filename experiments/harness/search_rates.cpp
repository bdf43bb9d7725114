#include "experiments/harness/search_rates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/harness/cell_cost.h"
#include "experiments/harness/run_card.h"
#include "experiments/harness/shard_run.h"
#include "experiments/harness/sweep.h"
#include "experiments/training/adapt.h"
#include "lora/methods/method.h"
#include "nn/files/file.h"

namespace experiments::harness {

namespace {

const std::vector<std::uint64_t> search_seeds{101, 102, 103};

// Doublings or halvings that a search goes beyond an edge of the eight rates, on either side.
constexpr int most_steps_beyond = 4;

using ByKey = std::map<std::string, CellResult>;

// The width of the base on which the ranges were found.
constexpr double searched_width = 64;

std::vector<double> first_rates(const Cell& searched) {
  double lowest = lowest_rate(searched.method) * searched_width / searched.width;
  if (searched.optimizer == "sgd") lowest *= 20;  // its steps are as small as the gradient
  return lr_grid(lowest, 8);
}

std::vector<Cell> runs_at(const Cell& searched, const std::vector<double>& rates) {
  std::vector<Cell> runs;
  for (const double lr : rates) {
    for (const std::uint64_t seed : search_seeds) {
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

// The rates of a search as far as its finished runs lead it: the first eight, and from a best at an
// edge one more beyond it, until the best lies inside or most_steps_beyond were taken.
std::vector<double> rates_so_far(const Cell& searched, const ByKey& results) {
  std::vector<double> rates = first_rates(searched);
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

RunCard search_card(const Settings& settings) {
  RunCard card;
  card.experiment = "learning-rates";
  const BaseConfig base = base_config(settings.base_seeds.front(), settings.base_steps);
  card.configuration = {{"base", nlohmann::json::parse(to_json(base))}};
  card.extent = {{"seeds", search_seeds}};
  return card;
}

std::vector<Cell> distinct(const std::vector<Cell>& cells) {
  std::vector<Cell> once;
  std::set<std::string> keys;
  for (const Cell& cell : cells)
    if (keys.insert(cell.key()).second) once.push_back(cell);
  return once;
}

}  // namespace

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

std::vector<Cell> search_runs(const std::vector<Cell>& cells) { return missing_runs(cells, {}); }

std::vector<Cell> missing_runs(const std::vector<Cell>& cells,
                               const std::vector<CellResult>& results) {
  const ByKey known = by_key(results);
  std::vector<Cell> missing;
  for (const Cell& searched : distinct(cells))
    for (const Cell& run : runs_at(searched, rates_so_far(searched, known)))
      if (!known.contains(run.key())) missing.push_back(run);
  return missing;
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
    if (const auto search = judged(cell, rates_so_far(cell, known), known))
      complete.push_back(*search);
  return complete;
}

// Those of this shard, each with all its runs.
static std::vector<Cell> searches_of_shard(const std::vector<Cell>& cells, Lab& lab) {
  Dealer& dealer = *lab.settings.dealer;
  const std::vector<Cell> searches = distinct(cells);
  std::vector<Dealer::Piece> pieces;
  for (const Cell& cell : searches)
    pieces.push_back(
        {cell.key(), static_cast<double>(search_runs({cell}).size()) * expected_seconds(cell)});
  const std::vector<bool> is_mine = dealer.deal(pieces);
  std::vector<Cell> mine;
  for (std::size_t i = 0; i < searches.size(); ++i)
    if (is_mine[i]) mine.push_back(searches[i]);
  require_bases(mine, lab.bases);
  lab.progress.message(
      fmt::format("{}: {} of {} searches", dealer.shard().text(), mine.size(), searches.size()));
  return mine;
}

// The first round runs the first rates of all searches, the others what lies beyond their edges.
static void run_searches(const std::vector<Cell>& cells, Lab& lab, ResultsFolder& folder) {
  const SweepOptions sweep = training_sweep(lab.settings.jobs);
  const auto run = [&](const Cell& cell, const std::atomic<bool>& stop) {
    CellResult result = run_cell(lab.bases.of(cell), cell, ScoreOn::validation, stop);
    result.experiment = folder.experiment();
    return result;
  };
  for (std::vector<Cell> runs = search_runs(cells); !runs.empty();
       runs = missing_runs(cells, folder.results())) {
    for (const Cell& cell : runs)
      if (!folder.contains(cell)) lab.bases.prepare(cell);
    run_sweep(runs, sweep, run, folder, lab.progress);
  }
}

static void say_what_is_searched(Lab& lab, const ResultsFolder& folder) {
  if (!folder.notice().empty()) lab.progress.message(folder.notice());
  lab.progress.message(fmt::format("searching learning rates on validation examples, seeds {}",
                                   fmt::join(search_seeds, ", ")));
}

[[noreturn]] static void not_searched(const std::filesystem::path& folder) {
  throw NotReady(fmt::format(
      "not all learning rates are searched in {}; search them first, with the same command and "
      "--only-base instead of --shard",
      folder.string()));
}

std::vector<LrSearch> search_each(const std::vector<Cell>& cells, const std::string& folder,
                                  Lab& lab) {
  std::vector<Cell> searched = cells;
  for (Cell& cell : searched) cell.lr = 0, cell.seed = 0;
  const std::filesystem::path path = lab.settings.out / folder;
  RunCard card = search_card(lab.settings);
  card.experiment = path.filename().string();
  if (!lab.settings.dealer) {
    ResultsFolder results(path, card, lab.settings.jobs, lab.settings.start);
    say_what_is_searched(lab, results);
    run_searches(searched, lab, results);
  }
  const ByKey known = by_key(read_folder(path, card));
  std::vector<LrSearch> searches;
  for (const Cell& cell : searched) {
    const auto search = judged(cell, rates_so_far(cell, known), known);
    if (!search) not_searched(path);
    searches.push_back(*search);
  }
  return searches;
}

LearningRates search_rates(const std::vector<Cell>& cells, Lab& lab, Start start) {
  const Settings& settings = lab.settings;
  const std::vector<Cell> mine = settings.dealer ? searches_of_shard(cells, lab) : cells;
  ResultsFolder folder(settings.out / "learning-rates", search_card(settings), settings.jobs, start,
                       settings.shard());
  say_what_is_searched(lab, folder);
  run_searches(mine, lab, folder);
  if (settings.dealer) throw done(*settings.shard(), folder.path());
  LearningRates rates;
  rates.command = fmt::format("./run learning-rates --preset {}", to_string(settings.preset));
  rates.seeds = search_seeds;
  rates.searches = complete_searches(folder.results(), settings);
  nn::write_file_atomically(folder.path() / "learning_rates.json", to_json(rates));
  return rates;
}

LearningRates searched_rates(const std::vector<Cell>& cells, const Settings& settings) {
  const std::filesystem::path folder = settings.out / "learning-rates";
  LearningRates rates;
  rates.seeds = search_seeds;
  rates.searches = complete_searches(read_folder(folder, search_card(settings)), settings);
  try {
    for (const Cell& cell : cells) rates.find(cell.task, cell.method, cell.targets);
  } catch (const std::invalid_argument&) {
    not_searched(folder);
  }
  return rates;
}

double rate_of(const Cell& cell, const LearningRates& rates) {
  return rates.find(cell.task, cell.method, cell.targets).choice.lr * searched_width / cell.width;
}

void set_learning_rates(std::vector<Cell>& cells, Lab& lab) {
  const Settings& settings = lab.settings;
  std::vector<Cell> wanted;
  for (const Cell& cell : cells)
    if (cell.method != "frozen" && cell.lr == 0) wanted.push_back(searched_cell(cell, settings));
  if (wanted.empty()) return;
  const LearningRates rates = !settings.search  ? recorded_learning_rates()
                              : settings.dealer ? searched_rates(wanted, settings)
                                                : search_rates(wanted, lab);
  for (Cell& cell : cells)
    if (cell.method != "frozen" && cell.lr == 0) cell.lr = rate_of(cell, rates);
}

}  // namespace experiments::harness
