#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "experiments/evidence/report.h"
#include "experiments/evidence/score_table.h"
#include "experiments/harness/results.h"
#include "experiments/harness/settings.h"
#include "experiments/harness/sweep.h"
#include "experiments/training/adapt.h"

namespace experiments::harness {

/// The cells that an experiment asked for, with their learning rates, and every finished cell of
/// its folder, sorted by key: also those that were asked for with other settings.
struct Results {
  std::vector<Cell> asked;
  std::vector<CellResult> all;
};

/// Of the finished cells those that were asked for: other settings of the same folder may have left
/// more.
std::vector<CellResult> asked_for(const Results& results);

/// Looks at a trained model and may add measurements to the cell's result. Called from several
/// threads at a time.
using Look = std::function<void(const Lab&, nn::Model& trained, CellResult&)>;

/// Trains and measures one cell; its numbers depend on the cell and its base alone.
using Train = std::function<CellResult(const Lab&, const Cell&, const std::atomic<bool>& stop)>;

/// An experiment, of the paper or beyond it: what is trained, and how it is read. It has a command,
/// a folder of its name in OUT, and a place in `paper` and in the report.
struct Experiment {
  std::string name;
  std::string question;  ///< what it answers, in one line

  /// What is trained, without learning rates. Nothing where it measures when it is read.
  std::function<std::vector<Cell>(const Settings&)> cells = {};

  /// What the results say.
  std::function<Report(const Results&, Lab&)> read = {};

  /// The statements that are tested on the results alone, not judged yet. What `read` finds by
  /// looking elsewhere, as at adapters, is in its report.
  std::function<std::vector<Finding>(const Results&)> findings = {};

  Look look = {};    ///< at every trained model
  Train train = {};  ///< instead of run_cell

  /// What its cells cost, so many at a time, where they are not as cell_cost.h has it.
  std::function<SweepOptions(int jobs)> costs = {};

  /// Every row has a learning rate of its own, searched in the folder `search` of its folder
  /// (set_own_rates), and not one that its method and targets share.
  bool own_rates = false;

  /// What changes its numbers beside the cells and the settings: it goes into the run card.
  std::function<nlohmann::json(const Settings&)> configuration = {};

  /// The seconds expected of what is not in cells.
  std::function<double(const Settings&)> seconds = {};

  std::string sweep = {};  ///< the folder of its cells, where it shares that with others

  /// The tasks it can be run on; those of the settings that are not among them are left out.
  std::vector<data::Task> tasks{data::all_tasks().begin(), data::all_tasks().end()};
  bool one_task = false;  ///< it runs on the first of them

  /// Of the options --ranks and --targets, those that it heeds.
  std::set<std::string> listens = {};
  /// Options of all experiments that would say nothing here, each with the reason: they are
  /// refused.
  std::map<std::string, std::string> without = {};
};

/// Experiment::without where there are no cells, for the reason `why`.
std::map<std::string, std::string> options_of_cells(const std::string& why);

/// The settings with the tasks on which the experiment runs; none where it cannot be run on any.
Settings settings_for(const Experiment& experiment, Settings settings);

/// With lab.settings, which are settings_for(experiment, ...): trains what its folder lacks, reads
/// the results and writes OUT/name/name.md, name.csv and
/// report.json. A cell that another experiment has trained alike is taken from there (reuse.h),
/// unless this one looks at its models. Throws Stopped, as run_sweep does, and
/// std::invalid_argument where the settings have no task; of a shard NotReady and, at its end,
/// PartDone.
Report run(const Experiment& experiment, Lab& lab);

/// Where it searches the rates of its rows, in OUT.
std::string search_folder_of(const Experiment& experiment);

/// What its cells are to others: it trains or measures in a way of its own, or looks at its models,
/// or neither.
Sharing sharing_of(const Experiment& experiment);

/// The folder of its cells.
std::string sweep_of(const Experiment& experiment);

/// The same for the experiment of this name; one that is none of them has its own.
std::string sweep_of(const std::vector<Experiment>& experiments, const std::string& name);

}  // namespace experiments::harness
