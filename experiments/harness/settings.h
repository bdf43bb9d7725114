#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/tasks.h"
#include "experiments/evidence/findings.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/shard.h"
#include "experiments/training/cell.h"

/// What the experiments on the toy tasks have in common. An experiment is a list of cells, a
/// control among them, and what is read off their results.
namespace experiments::harness {

/// smoke: to see that everything runs (the base is hardly trained, so its numbers mean nothing).
/// quick: 8 repetitions, two seeds on each of 4 bases, with half of all training steps. full: 10, on 5
/// bases, with a search of the learning rates. A seed belongs to one base, so that no two repetitions share their data and each
/// is drawn anew.
enum class Preset { smoke, quick, full };
const char* to_string(Preset preset);
Preset parse_preset(
    const std::string& name);  ///< throws std::invalid_argument naming the valid ones

/// Whether a folder with results is gone on with, or begun anew.
enum class Start { resume, fresh };

/// With what an experiment is run; a preset, and what the user gave beside it.
struct Settings {
  Preset preset = Preset::quick;
  std::vector<data::Task> tasks{data::all_tasks().begin(), data::all_tasks().end()};
  std::vector<std::uint64_t> base_seeds{11, 12, 13, 14};
  int seeds = 2;             ///< on each base: the first has 1 .. seeds, the next those that follow
  bool seeds_given = false;  ///< by the user: then no experiment takes fewer
  int facts = 20;            ///< K of sqlgen
  double alpha = 8;          ///< fixed while r varies, as in the paper
  std::string scaling = "alpha/r";
  std::vector<int> ranks = {};  ///< of an experiment that varies them; empty: its own
  std::vector<std::vector<std::string>> targets = {};  ///< likewise its weight sets
  long base_steps = 8000;
  double steps_factor = 1;  ///< of each task's own number of adaptation steps
  bool search = false;      ///< search the learning rates; else take the recorded ones
  int jobs = 1;
  std::filesystem::path out = "results";
  Start start = Start::resume;
  std::shared_ptr<Dealer> dealer = nullptr;  ///< where this process is a shard
  bool only_base = false;                    ///< make what shards need, and nothing else

  /// Whether the cells of an experiment are not finished here, and so nothing is told of them.
  bool is_part() const { return dealer || only_base; }
  std::optional<Shard> shard() const;

  /// The ranks that were given, or else these.
  std::vector<int> ranks_or(std::vector<int> own) const { return ranks.empty() ? own : ranks; }
};

Settings settings_of(Preset preset);

/// What an experiment works with: how it is run, the bases that its cells adapt, and where it says
/// how far it is.
struct Lab {
  Settings settings;
  Bases bases;
  Progress& progress;

  Lab(Settings how, Progress& shown)
      : settings(std::move(how)),
        bases(settings.out / "base", settings.base_steps),
        progress(shown) {}
};

/// What every output of the preset smoke says first.
constexpr const char* hardly_trained =
    "Preset smoke: its models are hardly trained, so these numbers mean nothing.";

/// What every cell of a task, base and seed has in common; no method yet.
Cell task_cell(const Settings& settings, const data::Task& task, std::uint64_t base_seed,
               std::uint64_t seed);

/// The pairs of base and seed.
std::vector<Repetition> base_and_seeds(const Settings& settings);

/// One task_cell for every task and every base and seed.
std::vector<Cell> repetitions(const Settings& settings);

/// The cell with a method. Rates of learning are filled in by set_learning_rates.
Cell frozen(Cell cell);
Cell full(Cell cell);
Cell lora_cell(Cell cell, const Settings& settings, const std::vector<std::string>& targets,
               int rank);
/// For every repetition the frozen base, full fine-tuning, and LoRA on these targets at each rank.
std::vector<Cell> frozen_full_and_lora(const Settings& settings,
                                       const std::vector<std::string>& targets,
                                       const std::vector<int>& ranks);
/// Another method of lora/, by name, with its size.
Cell method_cell(Cell cell, const std::string& method, int size);

}  // namespace experiments::harness
