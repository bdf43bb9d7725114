#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "data/tasks.h"
#include "experiments/evidence/findings.h"
#include "experiments/evidence/json_object.h"
#include "experiments/evidence/score_table.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/lr_search.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/results.h"
#include "experiments/training/adapt.h"

/// What the experiments on the toy tasks have in common. An experiment is a list of cells, a
/// control among them, and what is read off their results.
namespace experiments {

struct StudyOptions {
  std::string preset = "quick";
  std::vector<data::Task> tasks{data::all_tasks().begin(), data::all_tasks().end()};
  std::vector<std::uint64_t> base_seeds{2};
  int seeds = 3;             ///< 1 .. seeds
  bool seeds_given = false;  ///< by the user: then no experiment takes fewer
  int facts = 20;            ///< K of sqlgen
  double alpha = 8;          ///< fixed while r varies, as in the paper
  std::string scaling = "alpha/r";
  long base_steps = 8000;
  double steps_factor = 1;  ///< of each task's own number of adaptation steps
  bool search = false;      ///< search the learning rates; else take the recorded ones
  int jobs = 1;
  std::filesystem::path out = "results";
  ResultsFolder::Start start = ResultsFolder::Start::resume;
  std::shared_ptr<Dealer> dealer = nullptr;  ///< where this process is a shard
  bool only_base = false;                    ///< make what shards need, and nothing else

  /// Whether the cells of an experiment are not finished here, and so nothing is told of them.
  bool is_part() const { return dealer || only_base; }
  std::optional<Shard> shard() const;
};

/// smoke: to see that everything runs (the base is hardly trained, so its numbers mean nothing).
/// quick: 3 seeds on one base. full: 5 seeds on each of two bases, with a search of the learning
/// rates. Throws std::invalid_argument naming the valid presets.
StudyOptions study_preset(const std::string& name);

/// What every output of the preset smoke says first.
constexpr const char* hardly_trained =
    "Preset smoke: its models are hardly trained, so these numbers mean nothing.";

/// What every cell of a task, base and seed has in common; no method yet.
Cell task_cell(const StudyOptions& options, const data::Task& task, std::uint64_t base_seed,
               std::uint64_t seed);

/// One task_cell for every task, base seed and seed.
std::vector<Cell> repetitions(const StudyOptions& options);

/// The cell with a method. Rates of learning are filled in by set_learning_rates.
Cell frozen(Cell cell);
Cell full(Cell cell);
Cell lora_cell(Cell cell, const StudyOptions& options, const std::vector<std::string>& targets,
               int rank);
/// Another method of lora/, by name, with its size.
Cell method_cell(Cell cell, const std::string& method, int size);

/// Gives every cell that trains and has no learning rate (lr = 0) that of its task, method and
/// targets: the recorded one, or with options.search the one found in OUT/learning-rates, where
/// what is missing is searched first; a shard searches nothing. Throws Stopped,
/// std::invalid_argument where nothing is recorded, and NotReady where a shard lacks a rate.
void set_learning_rates(std::vector<Cell>& cells, const StudyOptions& options, Bases& bases,
                        Progress& progress);

/// How the bases of these options are made, without the seed that a cell names; as to_json writes
/// it.
nlohmann::json base_of_all(const StudyOptions& options);

/// One experiment as a sweep.
struct Study {
  std::string name;  ///< the folder OUT/name; also CellResult::experiment
  std::vector<Cell> cells;
  JsonObject settings = {};  ///< what else changes a cell's numbers
  Measure measure = {};      ///< of every trained model
};

/// Runs what OUT/name lacks, with plan and progress. A cell that another experiment has trained
/// alike is taken from there (reuse.h), unless it is measured here or the study has settings of its
/// own. All results in the folder, sorted by key.
/// Throws as run_sweep does; a shard NotReady where it has no base, and PartDone at its end.
std::vector<CellResult> run_study(Study study, const StudyOptions& options, Bases& bases,
                                  Progress& progress);

/// Writes OUT/name/<name><extension>, whole or not at all. A page (.md) of the preset smoke says
/// below its heading that it is one.
void write_result(const StudyOptions& options, const std::string& name, const char* extension,
                  const std::string& text);

/// Prints the sections and the notes below them, and writes them to OUT/name/name.md, and the
/// results to name.csv.
void publish(const StudyOptions& options, const std::string& name, const std::string& heading,
             const std::vector<Section>& sections, const std::vector<std::string>& notes,
             const std::vector<CellResult>& results);

}  // namespace experiments
