#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/training/cell.h"

namespace experiments {

struct RunCard;  // run_card.h, which includes the whole JSON library

/// A results folder that cannot be used: taken by another process, holding another configuration,
/// damaged, or not writable. The message's first line says what and what to do about it.
struct ResultsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The version of run.json and cells.jsonl, in the member "format" of run.json.
constexpr int results_format = 1;

/// The finished cells in a file of that form, sorted by key; none where there is no such file. What
/// is torn at its end is no cell. Throws ResultsError with file and line where one is malformed or
/// there twice.
std::vector<CellResult> read_cells(const std::filesystem::path& cells_jsonl);

/// The finished cells of one experiment on disk, so that the same command again continues:
///
///   cells.jsonl  one line per finished cell, appended whole or not at all
///   run.json     the run card; there before the first cell
///   lock         held (flock) while a process uses the folder; the system frees it with the
///   process
///
/// A line counts as finished once it is complete on disk. What a kill or a power cut may leave of
/// an unfinished one is the file's torn end, which opening the folder cuts off. Safe to use from
/// several threads.
class ResultsFolder {
 public:
  enum class Start { resume, fresh };

  /// Opens or creates the folder for this run. With Start::fresh the files an earlier run left are
  /// removed first: cells.jsonl, run.json, findings.json and the reports named <experiment>.md and
  /// .csv, nothing else. Throws ResultsError: the folder is in use, its configuration differs (the
  /// message lists the fields), it has cells without a run card, a line is malformed or there twice
  /// (file and line number), the system refuses. A folder with a run card that cannot be written is
  /// opened to be read.
  ResultsFolder(std::filesystem::path folder, const RunCard& card, int threads,
                Start start = Start::resume);
  ~ResultsFolder();
  ResultsFolder(const ResultsFolder&) = delete;
  ResultsFolder& operator=(const ResultsFolder&) = delete;

  /// Everything finished so far, sorted by key.
  std::vector<CellResult> results() const;
  bool contains(const Cell& cell) const;

  /// Returns once the result is on disk. Throws ResultsError if the cell is there already or the
  /// system refuses (a full disk); the file is then as it was before.
  void append(const CellResult& result);

  /// What the user should know, a line each: that cells here were computed by another build or
  /// processor, which may change their last digits or, with another commit, more; that the file
  /// system has no locks, so that two runs must not be started into one folder; or nothing.
  const std::string& notice() const { return notice_; }

  /// Whether this process may not write here, as into somebody else's results: what is finished can
  /// be read, and append throws.
  bool is_read_only() const { return lock_ < 0; }

  const std::filesystem::path& path() const { return folder_; }

 private:
  void lock();
  void add_notice(const std::string& line);
  void remove_own_files();
  void open_card(const RunCard& card, int threads);
  nlohmann::json continued_card(const nlohmann::json& there, const RunCard& card,
                                nlohmann::json machine);
  void open_cells();
  void close_files();
  std::filesystem::path file(const char* name) const { return folder_ / name; }

  std::filesystem::path folder_;
  std::string experiment_;
  std::string notice_;
  int lock_ = -1;  // file descriptors; no lock where the folder is only read
  int cells_ = -1;
  std::map<std::string, CellResult> results_;  // by key
  mutable std::mutex mutex_;
};

}  // namespace experiments
