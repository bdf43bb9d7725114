#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/evidence/comparison.h"
#include "experiments/evidence/report.h"

/// Two results folders, held against each other. Nothing is written.
namespace experiments::harness {

/// What a results folder has, whatever experiment it is of.
struct FinishedFolder {
  std::filesystem::path path;
  std::string experiment;  ///< "table6"
  std::string machines;    ///< that computed it: "AMD EPYC 7B13, commit 0123"
  std::vector<CellResult> cells;
};

/// Throws ResultsError: no such folder, no run.json in it, no finished cells, or as read_folder.
FinishedFolder read_finished_folder(const std::filesystem::path& folder);

/// The differences as a table with a row for each setting, what to know of them before it, and
/// behind it the first cells that are in both folders with other numbers.
Report comparison_report(const FinishedFolder& a, const FinishedFolder& b,
                         const Comparison& comparison);

}  // namespace experiments::harness
