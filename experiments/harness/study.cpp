#include "experiments/harness/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/harness/output.h"
#include "experiments/harness/reuse.h"
#include "experiments/harness/run_card.h"
#include "experiments/harness/search_rates.h"
#include "experiments/harness/shard_run.h"
#include "experiments/harness/sweep.h"
#include "nn/files/file.h"

namespace experiments {

StudyOptions study_preset(const std::string& name) {
  StudyOptions options;
  options.preset = name;
  if (name == "quick") return options;
  if (name == "smoke") {
    options.seeds = 2;
    options.base_steps = 600;
    options.steps_factor = 0.1;
    return options;
  }
  if (name == "full") {
    options.base_seeds = {2, 3};
    options.seeds = 5;
    options.search = true;
    return options;
  }
  throw std::invalid_argument(
      fmt::format("unknown preset '{}'; valid are smoke, quick, full", name));
}

Cell task_cell(const StudyOptions& options, const data::Task& task, std::uint64_t base_seed,
               std::uint64_t seed) {
  Cell cell;
  cell.task = task.name;
  if (task.has_facts) cell.facts = options.facts;
  const data::TaskInfo info = data::info(task, task_options(cell));
  cell.steps = std::max(1, static_cast<int>(std::lround(options.steps_factor * info.steps)));
  cell.examples = info.n_train;
  cell.base_seed = base_seed;
  cell.seed = seed;
  return cell;
}

std::vector<Cell> repetitions(const StudyOptions& options) {
  std::vector<Cell> cells;
  for (const std::uint64_t base_seed : options.base_seeds)
    for (const data::Task& task : options.tasks)
      for (int seed = 1; seed <= options.seeds; ++seed)
        cells.push_back(task_cell(options, task, base_seed, static_cast<std::uint64_t>(seed)));
  return cells;
}

Cell frozen(Cell cell) {
  cell.method = "frozen";
  cell.steps = cell.examples = 0;
  return cell;
}

Cell full(Cell cell) {
  cell.method = "full";
  return cell;
}

Cell lora_cell(Cell cell, const StudyOptions& options, const std::vector<std::string>& targets,
               int rank) {
  cell.method = "lora";
  cell.targets = targets;
  cell.rank = rank;
  cell.alpha = options.alpha;
  cell.scaling = options.scaling;
  return cell;
}

Cell method_cell(Cell cell, const std::string& method, int size) {
  cell.method = method;
  cell.size = size;
  return cell;
}

void set_learning_rates(std::vector<Cell>& cells, const StudyOptions& options, Bases& bases,
                        Progress& progress) {
  LearningRates rates;
  if (options.search) {
    std::vector<Cell> wanted;
    for (const Cell& cell : cells)
      if (cell.method != "frozen" && cell.lr == 0) wanted.push_back(searched_cell(cell, options));
    rates = options.dealer ? searched_rates(wanted, options)
                           : search_rates(wanted, options, bases, progress);
  } else {
    rates = recorded_learning_rates();
  }
  for (Cell& cell : cells)
    if (cell.method != "frozen" && cell.lr == 0)
      cell.lr = rates.find(cell.task, cell.method, cell.targets).choice.lr;
}

std::optional<Shard> StudyOptions::shard() const {
  return dealer ? std::optional(dealer->shard()) : std::nullopt;
}

nlohmann::json base_of_all(const StudyOptions& options) {
  nlohmann::json base = nlohmann::json::parse(to_json(base_config(0, options.base_steps)));
  base.erase("seed");
  return base;
}

namespace {

template <class Value, class Field>
std::vector<Value> values_of(const std::vector<Cell>& cells, Field Cell::*field) {
  std::vector<Value> values;
  for (const Cell& cell : cells) values.push_back(cell.*field);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// Cells name their learning rates and all else that an experiment varies; what they do not name is
// in the configuration.
RunCard study_card(const Study& study, const StudyOptions& options) {
  RunCard card;
  card.experiment = study.name;
  card.configuration = {{"base", base_of_all(options)},
                        {"steps_factor", options.steps_factor},
                        {"settings", nlohmann::json::parse(study.settings.text())},
                        {"learning_rates", options.search ? "searched" : "recorded"}};
  card.extent = {{"tasks", values_of<std::string>(study.cells, &Cell::task)},
                 {"base_seeds", values_of<std::uint64_t>(study.cells, &Cell::base_seed)},
                 {"seeds", values_of<std::uint64_t>(study.cells, &Cell::seed)},
                 {"methods", values_of<std::string>(study.cells, &Cell::method)}};
  return card;
}

// Whether cells of this study are the same runs as equal cells of another.
Sharing sharing_of(const Study& study) {
  if (study.settings.text() != JsonObject().text()) return Sharing::apart;
  return study.measure ? Sharing::gives : Sharing::gives_and_takes;
}

// What others have trained of the study's cells goes into its folder.
void take_from_others(const Study& study, const StudyOptions& options, ResultsFolder& folder,
                      Progress& progress) {
  const bool has_all = std::all_of(study.cells.begin(), study.cells.end(),
                                   [&](const Cell& cell) { return folder.contains(cell); });
  if (sharing_of(study) != Sharing::gives_and_takes || has_all || folder.is_read_only()) return;
  const auto others = trained_by_others(options, study.name);
  std::vector<CellResult> reused;
  for (const Cell& cell : study.cells)
    if (const auto found = others.find(cell.key());
        found != others.end() && !folder.contains(cell)) {
      folder.append(found->second);
      reused.push_back(found->second);
    }
  if (!reused.empty()) progress.message(reuse_text(reused));
}

}  // namespace

std::vector<CellResult> run_study(Study study, const StudyOptions& options, Bases& bases,
                                  Progress& progress) {
  const RunCard card = study_card(study, options);
  if (options.only_base) leave_with_bases(study.name, study.cells, bases);
  if (options.dealer)
    study.cells = cells_of_shard(*options.dealer, study.name, study.cells, sharing_of(study), bases,
                                 progress);
  ResultsFolder folder(options.out / study.name, card, options.jobs, options.start,
                       options.shard());
  if (!folder.notice().empty()) progress.message(folder.notice());
  take_from_others(study, options, folder, progress);
  for (const Cell& cell : study.cells)
    if (!folder.contains(cell)) bases.prepare(cell);

  SweepOptions sweep;
  sweep.jobs = options.jobs;
  sweep.expected_seconds = expected_seconds;
  sweep.slowness = slowness;
  sweep.bytes_per_cell = bytes_per_cell;
  sweep.continue_with =
      fmt::format("the same command again (results are in {})", options.out.string());
  const auto run = [&](const Cell& cell, const std::atomic<bool>& stop) {
    CellResult result = run_cell(bases.of(cell), cell, ScoreOn::test, stop, study.measure);
    result.experiment = study.name;
    return result;
  };
  run_sweep(study.cells, sweep, run, folder, progress);
  if (options.dealer) throw done(*options.shard(), folder.path());
  return folder.results();
}

void write_result(const StudyOptions& options, const std::string& name, const char* extension,
                  const std::string& text) {
  std::string written = text;
  if (options.preset == "smoke" && extension == std::string_view(".md"))
    written.insert(text.find('\n') + 1, fmt::format("\n**{}**\n", hardly_trained));
  nn::write_unless_equal(options.out / name / (name + extension), written);
}

void publish(const StudyOptions& options, const std::string& name, const std::string& heading,
             const std::vector<Section>& sections, const std::vector<std::string>& notes,
             const std::vector<CellResult>& results) {
  write_result(options, name, ".md", sections_markdown(heading, sections, notes));
  write_result(options, name, ".csv", results_csv(results));
  print_out("{}\n", sections_text(sections, notes));
}

}  // namespace experiments
