#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/findings.h"

namespace experiments {

/// What all experiments in the results folder found, judged as one family: F1 to F11.
std::vector<Finding> judged_findings(const std::filesystem::path& out);

/// Writes OUT/verdicts.json, OUT/figures and OUT/report.html from what the experiments left in
/// their folders, and trains nothing. The report is one file that loads nothing from elsewhere and
/// reads without scripts. Returns the verdicts as a text for a terminal, and where the report is.
/// Throws std::runtime_error for a folder without any result.
std::string write_report(const std::filesystem::path& out);

/// The experiments with results in the folder, by the names of their folders: those that
/// all_experiments() knows in their order, then others by name.
std::vector<std::string> stages_in(const std::filesystem::path& out);

/// Sections of the report. Each is HTML.
std::string verdicts_section(const std::vector<Finding>& judged);
std::string provenance_section(const std::filesystem::path& out);
std::string costs_section();

}  // namespace experiments
