#include "experiments/harness/search_rates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/harness/folder_contents.h"
#include "experiments/harness/run_card.h"
#include "experiments/harness/shard_run.h"
#include "experiments/harness/sweep.h"
#include "experiments/harness/timing.h"
#include "experiments/training/adapt.h"
#include "experiments/training/batches.h"
#include "lora/inject.h"
#include "nn/files/file.h"
#include "nn/optimizer.h"

namespace experiments {

namespace {

const std::vector<std::uint64_t> search_seeds{101, 102, 103};

// Doublings or halvings that a search goes beyond an edge of the eight rates, on either side.
constexpr int most_steps_beyond = 4;

using Results = std::map<std::string, CellResult>;  // by key

std::vector<double> first_rates(const Cell& searched) {
  return lr_grid(lowest_rate(searched.method), 8);
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
                               const Results& results) {
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
std::vector<double> rates_so_far(const Cell& searched, const Results& results) {
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

Results by_key(const std::vector<CellResult>& results) {
  Results keyed;
  for (const CellResult& result : results) keyed.emplace(result.cell.key(), result);
  return keyed;
}

RunCard search_card(const StudyOptions& options) {
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

}  // namespace

Cell searched_cell(const Cell& cell, const StudyOptions& options) {
  Cell searched = task_cell(options, data::parse_task(cell.task), options.base_seeds.front(), 0);
  if (cell.rank > 0) searched = lora_cell(searched, options, cell.targets, 4);
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
  const Results known = by_key(results);
  std::vector<Cell> missing;
  for (const Cell& searched : distinct(cells))
    for (const Cell& run : runs_at(searched, rates_so_far(searched, known)))
      if (!known.contains(run.key())) missing.push_back(run);
  return missing;
}

std::vector<LrSearch> complete_searches(const std::vector<CellResult>& results,
                                        const StudyOptions& options) {
  const Results known = by_key(results);
  std::vector<Cell> searched;
  for (const CellResult& result : results) {
    Cell cell = result.cell;
    cell.lr = 0;
    cell.seed = 0;
    if (searched_cell(cell, options).key() == cell.key()) searched.push_back(cell);
  }
  std::vector<LrSearch> complete;
  for (const Cell& cell : distinct(searched))
    if (const auto search = judged(cell, rates_so_far(cell, known), known))
      complete.push_back(*search);
  return complete;
}

// Those of this shard, each with all its runs.
static std::vector<Cell> searches_of_shard(const std::vector<Cell>& cells, Dealer& dealer,
                                           const Bases& bases, Progress& progress) {
  const std::vector<Cell> searches = distinct(cells);
  std::vector<Dealer::Piece> pieces;
  for (const Cell& cell : searches)
    pieces.push_back(
        {cell.key(), static_cast<double>(search_runs({cell}).size()) * expected_seconds(cell)});
  const std::vector<bool> is_mine = dealer.deal(pieces);
  std::vector<Cell> mine;
  for (std::size_t i = 0; i < searches.size(); ++i)
    if (is_mine[i]) mine.push_back(searches[i]);
  require_bases(mine, bases);
  progress.message(
      fmt::format("{}: {} of {} searches", dealer.shard().text(), mine.size(), searches.size()));
  return mine;
}

// The first round runs the first rates of all searches, the others what lies beyond their edges.
static void run_searches(const std::vector<Cell>& cells, const StudyOptions& options, Bases& bases,
                         ResultsFolder& folder, Progress& progress) {
  SweepOptions sweep;
  sweep.jobs = options.jobs;
  sweep.expected_seconds = expected_seconds;
  sweep.slowness = slowness;
  sweep.bytes_per_cell = bytes_per_cell;
  const auto run = [&](const Cell& cell, const std::atomic<bool>& stop) {
    CellResult result = run_cell(bases.of(cell), cell, ScoreOn::validation, stop);
    result.experiment = "learning-rates";
    return result;
  };
  for (std::vector<Cell> runs = search_runs(cells); !runs.empty();
       runs = missing_runs(cells, folder.results())) {
    for (const Cell& cell : runs)
      if (!folder.contains(cell)) bases.prepare(cell);
    run_sweep(runs, sweep, run, folder, progress);
  }
}

LearningRates search_rates(const std::vector<Cell>& cells, const StudyOptions& options,
                           Bases& bases, Progress& progress, ResultsFolder::Start start) {
  const std::vector<Cell> mine =
      options.dealer ? searches_of_shard(cells, *options.dealer, bases, progress) : cells;
  ResultsFolder folder(options.out / "learning-rates", search_card(options), options.jobs, start,
                       options.shard());
  if (!folder.notice().empty()) progress.message(folder.notice());
  progress.message(fmt::format("searching learning rates on validation examples, seeds {}",
                               fmt::join(search_seeds, ", ")));
  run_searches(mine, options, bases, folder, progress);
  if (options.dealer) throw done(*options.shard(), folder.path());

  LearningRates rates;
  rates.command = fmt::format("./run learning-rates --preset {}", options.preset);
  rates.seeds = search_seeds;
  rates.searches = complete_searches(folder.results(), options);
  nn::write_file_atomically(folder.path() / "learning_rates.json", to_json(rates));
  return rates;
}

LearningRates searched_rates(const std::vector<Cell>& cells, const StudyOptions& options) {
  const auto found = read_contents(options.out / "learning-rates", search_card(options));
  LearningRates rates;
  rates.seeds = search_seeds;
  rates.searches = complete_searches(found.cells.results(), options);
  try {
    for (const Cell& cell : cells) rates.find(cell.task, cell.method, cell.targets);
  } catch (const std::invalid_argument&) {
    throw NotReady(fmt::format(
        "not all learning rates are searched in {}; search them first, with the same command and "
        "--only-base instead of --shard, or with learning-rates --shard K/N",
        (options.out / "learning-rates").string()));
  }
  return rates;
}

// Tokens of a batch times steps, at a cost per token as the cells of table5 and table7 took it, two
// at a time on two cores.
constexpr double seconds_per_token = 3.7e-6;         // of LoRA at the width of 64
constexpr double seconds_per_token_of_all = 4.7e-6;  // of full fine-tuning

double expected_seconds(const Cell& cell) {
  if (cell.method == "frozen") return 0.1;
  const data::Example any =
      data::example(data::parse_task(cell.task), task_options(cell), data::Split::train, 0, 0);
  double length = data::make_batch(std::span(&any, 1)).length;
  if (cell.method.find("prefix") != std::string::npos || cell.method == "prompt-encoder")
    length += cell.size;  // positions before the tokens
  const double wider = cell.width / 64.0, deeper = cell.depth / 2.0;
  const double per_token = (cell.method == "full" ? seconds_per_token_of_all : seconds_per_token) *
                           wider * wider * deeper;
  const double projecting = cell.method == "subspace" ? 3e-3 * cell.steps : 0;
  return 0.1 + 32 * length * cell.steps * per_token + projecting;
}

double slowness() {
  nn::Decoder model(base_config(0, 0).model, /*seed=*/0);
  lora::LoraConfig config;
  config.targets = {"q", "v"};
  config.spec.rank = 4;
  lora::inject(model, config, /*seed=*/0);
  const auto batch = token_batch(data::make_batch(
      data::examples(data::tasks::nli, {}, data::Split::train, /*seed=*/0, /*count=*/32)));
  nn::AdamW optimizer({{nn::trainable_parameters(model)}});
  nn::Tape tape(autograd::TapeMode::training);
  const auto step = [&] {
    tape.clear();
    const nn::Var loss = nn::token_loss({tape}, model, batch);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(1e-3);
  };
  const double seconds = quantile(interleaved_seconds({step}, 3, 0.02).front(), 0.5);
  return seconds / (static_cast<double>(batch.B * batch.T) * seconds_per_token);
}

}  // namespace experiments
