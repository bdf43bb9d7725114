#include "experiments/search_rates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/adapt.h"
#include "experiments/run_card.h"
#include "experiments/sweep.h"
#include "nn/file.h"

namespace experiments {

namespace {

const std::vector<std::uint64_t> search_seeds{101, 102, 103};

std::vector<double> grid_of(const Cell& cell) { return lr_grid(lowest_rate(cell.method), 8); }

std::vector<Cell> runs_of(const Cell& searched) {
  std::vector<Cell> runs;
  for (const double lr : grid_of(searched)) {
    for (const std::uint64_t seed : search_seeds) {
      Cell run = searched;
      run.lr = lr;
      run.seed = seed;
      runs.push_back(run);
    }
  }
  return runs;
}

double score_of(const Cell& run, const std::vector<CellResult>& results) {
  for (const CellResult& result : results) {
    if (result.cell.key() != run.key()) continue;
    const double loss = result.more.at("train_nll");
    return std::isfinite(loss) ? 100 * result.value : std::numeric_limits<double>::quiet_NaN();
  }
  throw std::logic_error(fmt::format("no result for {}", run.key()));
}

LrSearch judged(const Cell& searched, const std::vector<CellResult>& results) {
  LrSearch search{searched.task, searched.method, searched.targets, {}, {}};
  for (const Cell& run : runs_of(searched)) {
    if (search.grid.empty() || search.grid.back().lr != run.lr) search.grid.push_back({run.lr, {}});
    search.grid.back().scores.push_back(score_of(run, results));
  }
  search.choice = choose_lr(search.grid);
  return search;
}

RunCard run_card(const StudyOptions& options) {
  RunCard card;
  card.experiment = "learning-rates";
  const BaseConfig base = base_config(options.base_seeds.front(), options.base_steps);
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

// What was searched in a folder, now and before, as far as it is complete.
std::vector<Cell> complete_searches(const std::vector<CellResult>& results) {
  std::vector<Cell> searched;
  std::set<std::string> there;
  for (const CellResult& result : results) {
    there.insert(result.cell.key());
    searched.push_back(result.cell);
    searched.back().lr = 0;
    searched.back().seed = 0;
  }
  searched = distinct(searched);
  std::erase_if(searched, [&](const Cell& cell) {
    const std::vector<Cell> runs = runs_of(cell);
    return !std::all_of(runs.begin(), runs.end(),
                        [&](const Cell& run) { return there.contains(run.key()); });
  });
  return searched;
}

// Of the methods with a size, about as many parameters as LoRA on q and v at r = 4; beside LoRA,
// eight positions.
int usual_size(const Cell& cell) {
  if (cell.size == 0) return 0;
  if (cell.rank > 0) return 8;
  const nn::DecoderConfig model = base_config(0, 0).model;
  lora::MethodSpec lora{"lora"};
  lora.lora.targets = {"q", "v"};
  lora.lora.spec.rank = 4;
  return static_cast<int>(lora::nearest({cell.method}, lora::count(lora, model), model).size);
}

}  // namespace

Cell searched_cell(const Cell& cell, const StudyOptions& options) {
  Cell searched = task_cell(options, data::parse_task(cell.task), options.base_seeds.front(), 0);
  searched.experiment = "learning-rates";
  if (cell.rank > 0) searched = lora_cell(searched, options, cell.targets, 4);
  return method_cell(searched, cell.method, usual_size(cell));
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

std::vector<Cell> search_runs(const std::vector<Cell>& cells) {
  std::vector<Cell> runs;
  for (const Cell& cell : distinct(cells)) {
    const std::vector<Cell> more = runs_of(cell);
    runs.insert(runs.end(), more.begin(), more.end());
  }
  return runs;
}

std::optional<LearningRates> search_rates(const std::vector<Cell>& cells,
                                          const StudyOptions& options, Bases& bases,
                                          Progress& progress, ResultsFolder::Start start) {
  const std::vector<Cell> runs = search_runs(cells);
  ResultsFolder folder(options.out / "learning-rates", run_card(options), options.jobs, start);
  if (!folder.notice().empty()) progress.message(folder.notice());
  progress.message(fmt::format("searching learning rates on validation examples, seeds {}",
                               fmt::join(search_seeds, ", ")));
  for (const Cell& run : runs)
    if (!folder.contains(run)) bases.prepare(run);
  SweepOptions sweep;
  sweep.jobs = options.jobs;
  sweep.expected_seconds = expected_seconds;
  sweep.bytes_per_cell = bytes_per_cell;
  const auto run = [&](const Cell& cell, const std::atomic<bool>& stop) {
    return run_cell(bases.of(cell), cell, ScoreOn::validation, stop);
  };
  const SweepOutcome outcome = run_sweep(runs, sweep, run, folder, progress);
  if (outcome.exit_code() != 0) return std::nullopt;

  LearningRates rates;
  rates.command = fmt::format("./run learning-rates --preset {}", options.preset);
  rates.seeds = search_seeds;
  const std::vector<CellResult> results = folder.results();
  for (const Cell& cell : complete_searches(results))
    rates.searches.push_back(judged(cell, results));
  nn::write_file_atomically(folder.path() / "learning_rates.json", to_json(rates).dump(2) + "\n");
  return rates;
}

// Tokens of a batch times steps, at a cost per token that was measured on a 2.6 GHz AVX-512 core.
double expected_seconds(const Cell& cell) {
  if (cell.method == "frozen") return 0.1;
  double length = cell.task == "sqlgen" ? 18 : cell.task == "nli" ? 9 : 11;
  if (cell.method.find("prefix") != std::string::npos || cell.method == "prompt-encoder")
    length += cell.size;  // positions before the tokens
  const double wider = cell.width / 64.0;
  const double seconds_per_token = (cell.method == "full" ? 7e-6 : 5.5e-6) * wider * wider;
  const double projecting = cell.method == "subspace" ? 3e-3 * cell.steps : 0;
  return 0.1 + 32 * length * cell.steps * seconds_per_token + projecting;
}

}  // namespace experiments
