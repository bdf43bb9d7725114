#include "experiments/harness/experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/harness/cell_cost.h"
#include "experiments/harness/reuse.h"
#include "experiments/harness/run_card.h"
#include "experiments/harness/search_rates.h"
#include "experiments/harness/shard_run.h"
#include "experiments/harness/sweep.h"
#include "nn/files/file.h"

namespace experiments::harness {

std::vector<CellResult> asked_for(const Results& results) {
  std::set<std::string> keys;
  for (const Cell& cell : results.asked) keys.insert(cell.key());
  std::vector<CellResult> asked;
  std::copy_if(results.all.begin(), results.all.end(), std::back_inserter(asked),
               [&](const CellResult& result) { return keys.contains(result.cell.key()); });
  return asked;
}

std::map<std::string, std::string> options_of_cells(const std::string& why) {
  std::map<std::string, std::string> without;
  for (const char* option :
       {"--tasks", "--seeds", "--base-seed", "--facts", "--jobs", "--shard", "--only-base"})
    without[option] = why;
  return without;
}

std::string sweep_of(const Experiment& experiment) {
  return experiment.sweep.empty() ? experiment.name : experiment.sweep;
}

std::string sweep_of(const std::vector<Experiment>& experiments, const std::string& name) {
  for (const Experiment& experiment : experiments)
    if (experiment.name == name) return sweep_of(experiment);
  return name;
}

std::string search_folder_of(const Experiment& experiment) {
  return sweep_of(experiment) + "/search";
}

Sharing sharing_of(const Experiment& experiment) {
  if (experiment.train || experiment.configuration) return Sharing::apart;
  return experiment.look ? Sharing::gives : Sharing::gives_and_takes;
}

Settings settings_for(const Experiment& experiment, Settings settings) {
  std::erase_if(settings.tasks, [&](const data::Task& task) {
    return std::find(experiment.tasks.begin(), experiment.tasks.end(), task) ==
           experiment.tasks.end();
  });
  if (experiment.one_task && settings.tasks.size() > 1) settings.tasks.resize(1, settings.tasks[0]);
  return settings;
}

namespace {

template <class Value, class Field>
std::vector<Value> values_of(const std::vector<Cell>& cells, Field Cell::*field) {
  std::set<Value> values;
  for (const Cell& cell : cells) values.insert(cell.*field);
  return {values.begin(), values.end()};
}

std::string rates_text(const Experiment& experiment, const Settings& settings) {
  if (!experiment.own_rates) return settings.search ? "searched" : "recorded";
  return settings.search ? "searched for each row" : "searched for each row near the recorded";
}

// Cells name their learning rates and all else that an experiment varies; what they do not name is
// in the configuration.
RunCard card_of(const Experiment& experiment, const std::vector<Cell>& cells,
                const Settings& settings) {
  RunCard card;
  card.experiment = sweep_of(experiment);
  nlohmann::json own =
      experiment.configuration ? experiment.configuration(settings) : nlohmann::json::object();
  // Others do not take cells that were trained in a way of their own (reuse.h).
  if (experiment.train && own.empty()) own = {{"trained_by", experiment.name}};
  card.configuration = own;
  card.extent = nlohmann::json::object();
  if (!experiment.cells) return card;
  card.configuration = {{"base", base_of_all(settings)},
                        {"steps_factor", settings.steps_factor},
                        {"settings", own},
                        {"learning_rates", rates_text(experiment, settings)}};
  card.extent = {{"tasks", values_of<std::string>(cells, &Cell::task)},
                 {"base_seeds", values_of<std::uint64_t>(cells, &Cell::base_seed)},
                 {"seeds", values_of<std::uint64_t>(cells, &Cell::seed)},
                 {"methods", values_of<std::string>(cells, &Cell::method)}};
  return card;
}

// What others have trained of these cells goes into the folder.
void take_from_others(const Experiment& experiment, const std::vector<Cell>& cells, Lab& lab,
                      ResultsFolder& folder) {
  const bool has_all = std::all_of(cells.begin(), cells.end(),
                                   [&](const Cell& cell) { return folder.contains(cell); });
  if (sharing_of(experiment) != Sharing::gives_and_takes || has_all || folder.is_read_only())
    return;
  const auto others = trained_by_others(lab.settings, sweep_of(experiment));
  std::vector<CellResult> reused;
  for (const Cell& cell : cells)
    if (const auto found = others.find(cell.key());
        found != others.end() && !folder.contains(cell)) {
      folder.append(found->second);
      reused.push_back(found->second);
    }
  if (!reused.empty()) lab.progress.message(reuse_text(reused));
}

CellResult train(const Experiment& experiment, const Lab& lab, const Cell& cell,
                 const std::atomic<bool>& stop) {
  if (experiment.train) return experiment.train(lab, cell, stop);
  Measure measure;
  if (experiment.look)
    measure = [&](nn::Model& trained, CellResult& result) {
      experiment.look(lab, trained, result);
    };
  return run_cell(lab.bases.of(cell), cell, ScoreOn::test, stop, measure);
}

// "{q}, {q,v}": each --targets is a weight set of its own, which is easily meant otherwise.
std::string weight_sets_text(const Settings& settings) {
  std::vector<std::string> sets;
  for (const auto& targets : settings.targets)
    sets.push_back(fmt::format("{{{}}}", fmt::join(targets, ",")));
  return fmt::format("{}", fmt::join(sets, ", "));
}

void train_missing(const Experiment& experiment, const std::vector<Cell>& cells, Lab& lab,
                   ResultsFolder& folder) {
  if (!lab.settings.targets.empty())
    lab.progress.message("weight sets: " + weight_sets_text(lab.settings));
  lab.bases.prepare(missing_cells(cells, folder), lab.settings.jobs);
  const int jobs = lab.settings.jobs;
  SweepOptions sweep = experiment.costs ? experiment.costs(jobs) : training_sweep(jobs);
  sweep.continue_with =
      fmt::format("the same command again (results are in {})", lab.settings.out.string());
  run_sweep(
      cells, sweep,
      [&](const Cell& cell, const std::atomic<bool>& stop) {
        CellResult result = train(experiment, lab, cell, stop);
        result.experiment = sweep_of(experiment);
        return result;
      },
      folder, lab.progress);
}

void write(const Report& report, const std::filesystem::path& folder, const std::string& name) {
  nn::create_folders(folder);
  const auto path = [&](const std::string& end) { return folder / (name + end); };
  nn::write_unless_equal(path(".md"), report_markdown(report));
  nn::write_unless_equal(path(".csv"), report.data.text());
  for (const auto& [what, csv] : report.more_data)
    nn::write_unless_equal(path("." + what + ".csv"), csv.text());
  nn::write_unless_equal(folder / "report.json", report_json(report));
}

}  // namespace

static Results train_cells(const Experiment& experiment, Lab& lab, ResultsFolder& folder,
                           std::vector<Cell> asked) {
  if (!asked.empty()) {
    take_from_others(experiment, asked, lab, folder);
    train_missing(experiment, asked, lab, folder);
  }
  return {std::move(asked), folder.results()};
}

Report run(const Experiment& experiment, Lab& lab) {
  const Settings& settings = lab.settings;
  if (settings.tasks.empty())
    throw std::invalid_argument(fmt::format("{} runs on none of these tasks", experiment.name));
  const std::string sweep = sweep_of(experiment);
  std::vector<Cell> cells = experiment.cells ? experiment.cells(settings) : std::vector<Cell>{};
  if (experiment.own_rates)
    set_own_rates(cells, search_folder_of(experiment), lab);
  else
    set_learning_rates(cells, lab);
  if (settings.only_base) leave_with_bases(sweep, cells, lab.bases, settings.jobs);
  const RunCard card = card_of(experiment, cells, settings);
  if (settings.dealer)
    cells = cells_of_shard(*settings.dealer, sweep, cells, sharing_of(experiment), lab.bases,
                           lab.progress);
  ResultsFolder folder(settings.out / sweep, card, settings.jobs, settings.start, settings.shard());
  if (!folder.notice().empty()) lab.progress.message(folder.notice());
  // A run that starts over and is stopped must not leave another run's findings to be judged.
  std::error_code ignored;
  if (settings.start == Start::fresh)
    std::filesystem::remove(settings.out / experiment.name / "report.json", ignored);
  const Results results = train_cells(experiment, lab, folder, std::move(cells));
  if (settings.dealer) throw done(*settings.shard(), folder.path());
  Report report = experiment.read(results, lab);
  if (experiment.findings) report.findings = experiment.findings(results);
  if (settings.preset == Preset::smoke) report.warning = hardly_trained;
  if (report.data.empty()) report.data = results_csv(results.all);
  write(report, settings.out / experiment.name, experiment.name);
  return report;
}

}  // namespace experiments::harness
