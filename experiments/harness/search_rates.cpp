#include "experiments/harness/search_rates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "experiments/harness/cell_cost.h"
#include "experiments/harness/reuse.h"
#include "experiments/harness/run_card.h"
#include "experiments/harness/shard_run.h"
#include "experiments/harness/sweep.h"
#include "experiments/training/adapt.h"
#include "nn/files/file.h"

namespace experiments::harness {

namespace {

RunCard search_card(const Settings& settings) {
  RunCard card;
  card.experiment = "learning-rates";
  const BaseConfig base = base_config(settings.base_seeds.front(), settings.base_steps);
  card.configuration = {{"base", nlohmann::json::parse(to_json(base))}};
  card.extent = {{"seeds", search_seeds()}};
  return card;
}

}  // namespace

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
static void run_searches(const std::vector<Cell>& cells, Lab& lab, ResultsFolder& folder,
                         const FirstRates& first = eight_rates) {
  const SweepOptions sweep = training_sweep(lab.settings.jobs);
  const auto run = [&](const Cell& cell, const std::atomic<bool>& stop) {
    CellResult result = run_cell(lab.bases.of(cell), cell, ScoreOn::validation, stop);
    result.experiment = folder.experiment();
    return result;
  };
  for (std::vector<Cell> runs = search_runs(cells, first); !runs.empty();
       runs = missing_runs(cells, folder.results(), first)) {
    lab.bases.prepare(missing_cells(runs, folder), lab.settings.jobs);
    run_sweep(runs, sweep, run, folder, lab.progress);
  }
}

static void say_what_is_searched(Lab& lab, const ResultsFolder& folder) {
  if (!folder.notice().empty()) lab.progress.message(folder.notice());
  lab.progress.message(fmt::format("searching learning rates on validation examples, seeds {}",
                                   fmt::join(search_seeds(), ", ")));
}

[[noreturn]] static void not_searched(const std::filesystem::path& folder) {
  throw NotReady(fmt::format(
      "not all learning rates are searched in {}; search them first, with the same command and "
      "--only-base instead of --shard",
      folder.string()));
}

// In a folder of their own, with this card.
static std::vector<LrSearch> search_in(const std::filesystem::path& path, RunCard card,
                                       const std::vector<Cell>& searched, const FirstRates& first,
                                       Lab& lab) {
  card.experiment = path.filename().string();
  if (!lab.settings.dealer) {
    ResultsFolder results(path, card, lab.settings.jobs, lab.settings.start);
    say_what_is_searched(lab, results);
    run_searches(searched, lab, results, first);
  }
  std::vector<LrSearch> searches;
  for (const auto& search : found_searches(searched, read_folder(path, card), first)) {
    if (!search) not_searched(path);
    searches.push_back(*search);
  }
  return searches;
}

std::vector<LrSearch> search_each(const std::vector<Cell>& cells, const std::string& folder,
                                  Lab& lab) {
  std::vector<Cell> searched = cells;
  for (Cell& cell : searched) cell.lr = 0, cell.seed = 0;
  return search_in(lab.settings.out / folder, search_card(lab.settings), searched, eight_rates,
                   lab);
}

static bool wants_rate(const Cell& cell) { return cell.method != "frozen" && cell.lr == 0; }

// What a search is for: the cell without what names a repetition.
static Cell own_searched(Cell cell, std::uint64_t base_seed) {
  cell.base_seed = base_seed;
  cell.seed = 0;
  return cell;
}

std::vector<Cell> own_searched_cells(const std::vector<Cell>& cells) {
  std::vector<Cell> searched;
  for (const Cell& cell : cells)
    if (wants_rate(cell)) searched.push_back(own_searched(cell, cells.front().base_seed));
  return distinct(searched);
}

void set_own_rates(std::vector<Cell>& cells, const std::string& folder, Lab& lab) {
  const std::vector<Cell> searched = own_searched_cells(cells);
  if (searched.empty()) return;
  RunCard card = search_card(lab.settings);
  card.configuration = {{"base", base_of_all(lab.settings)}};  // cells name their seeds
  const std::vector<LrSearch> searches =
      search_in(lab.settings.out / folder, card, searched, rates_near_recorded, lab);
  std::map<std::string, double> rates;
  for (std::size_t i = 0; i < searched.size(); ++i)
    rates[searched[i].key()] = searches[i].choice.lr;
  const std::uint64_t base_seed = searched.front().base_seed;
  for (Cell& cell : cells)
    if (wants_rate(cell)) cell.lr = rates.at(own_searched(cell, base_seed).key());
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
  rates.seeds = search_seeds();
  rates.searches = complete_searches(folder.results(), settings);
  nn::write_file_atomically(folder.path() / "learning_rates.json", to_json(rates));
  return rates;
}

LearningRates searched_rates(const std::vector<Cell>& cells, const Settings& settings) {
  const std::filesystem::path folder = settings.out / "learning-rates";
  LearningRates rates;
  rates.seeds = search_seeds();
  rates.searches = complete_searches(read_folder(folder, search_card(settings)), settings);
  try {
    for (const Cell& cell : cells) rates.find(cell.task, cell.method, cell.targets);
  } catch (const std::invalid_argument&) {
    not_searched(folder);
  }
  return rates;
}

void set_learning_rates(std::vector<Cell>& cells, Lab& lab) {
  const Settings& settings = lab.settings;
  std::vector<Cell> wanted;
  for (const Cell& cell : cells)
    if (wants_rate(cell)) wanted.push_back(searched_cell(cell, settings));
  if (wanted.empty()) return;
  const LearningRates rates = !settings.search  ? recorded_learning_rates()
                              : settings.dealer ? searched_rates(wanted, settings)
                                                : search_rates(wanted, lab);
  for (Cell& cell : cells)
    if (wants_rate(cell)) cell.lr = rate_of(cell, rates);
}

}  // namespace experiments::harness
