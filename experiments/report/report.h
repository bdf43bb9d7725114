#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/harness/experiment.h"
#include "experiments/report/figures.h"

/// What is in a results folder, of the experiments that are named: all_experiments(), in whose
/// order they are told.
namespace experiments::report {

/// Writes OUT/verdicts.json, OUT/figures and OUT/report.html from what the experiments left in
/// their folders, and trains nothing. The report is one file that loads nothing from elsewhere and
/// reads without scripts. Returns the verdicts as a text for a terminal, and where the report is.
/// Throws std::runtime_error for a folder without any result.
std::string write_report(const std::filesystem::path& out,
                         const std::vector<Experiment>& experiments);

/// What each experiment has left in its folder, by name.
struct Stage {
  std::string name;
  Report report;
};

/// The experiments with results in the folder, in their order, and then sweeps of the user's own. A
/// folder counts where its name, its
/// run.json and its findings are of one experiment: a copy that lies beside it would be counted
/// twice. Throws std::invalid_argument for a report.json that is damaged.
std::vector<Stage> stages_in(const std::filesystem::path& out,
                             const std::vector<Experiment>& experiments);

/// What all of these found, judged as one family: F1 to F11.
std::vector<Finding> judged_findings(const std::vector<Stage>& stages);

/// A line for each folder that has results which are not read, with the reason.
std::vector<std::string> left_out(const std::filesystem::path& out,
                                  const std::vector<Experiment>& experiments);

/// What a reader of these results must know first: which of them are of the preset smoke. "" where
/// none is.
std::string warning(const std::vector<Stage>& stages);

/// What came out, in three sentences.
std::string summary_text(const std::vector<Finding>& judged);

/// Sections of the report. Each is HTML.
std::string verdicts_section(const std::vector<Finding>& judged);
std::string provenance_section(const std::filesystem::path& out,
                               const std::vector<Experiment>& experiments,
                               const std::vector<Stage>& stages);

/// An experiment's tables, with the figures that show them and its data behind them.
std::string stage_section(const std::filesystem::path& out, const Stage& stage,
                          const std::vector<Drawing>& drawings);
std::string figure_section(const std::filesystem::path& out, const Drawing& drawing);
std::string costs_section();

}  // namespace experiments::report
