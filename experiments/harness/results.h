#pragma once

#include <filesystem>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiments/harness/cells_file.h"
#include "experiments/harness/parts.h"
#include "experiments/harness/settings.h"
#include "experiments/training/cell.h"

namespace experiments::harness {

struct RunCard;  // run_card.h, which includes the whole JSON library

/// The finished cells of a folder, of cells.jsonl and of all parts, sorted by key. Throws as
/// read_cells.
std::vector<CellResult> read_folder(const std::filesystem::path& folder);

/// The same of a folder that is about the work of `card`. Throws ResultsError too where a run card
/// is missing or of another work.
std::vector<CellResult> read_folder(const std::filesystem::path& folder, const RunCard& card);

/// The finished cells of one experiment on disk, so that the same command again continues:
///
///   cells.jsonl  one line per finished cell, appended whole or not at all
///   run.json     the run card; there before the first cell
///   parts/       cells of shards, each process's in a file of its own (parts.h)
///   lock         held (flock) while a process uses the folder; the system frees it when the
///                process ends
///
/// A shard neither locks nor writes any of these but its own part. The command without shard holds
/// the lock, and takes what is in parts into cells.jsonl and run.json; parts stay, since a process
/// that is thought dead may still write. Where the file system has no locks, it writes a part too.
///
/// A line counts as finished once it is complete on disk. What a kill or a power cut may leave of
/// an unfinished one is the file's torn end, which opening the folder cuts off cells.jsonl and
/// passes over in parts. Safe to use from several threads.
class ResultsFolder {
 public:
  /// Opens or creates the folder for this run, or for a shard of it. With Start::fresh the files an
  /// earlier run left are removed first: cells.jsonl, run.json, parts, report.json and the
  /// reports named <experiment>.md and .csv, nothing else. Throws ResultsError: the folder is in
  /// use, its configuration differs (the message lists the fields), it has cells without a run
  /// card, a line is malformed or another outcome of a cell (file and line number), the system
  /// refuses. A folder with a run card that cannot be written is opened to be read.
  ResultsFolder(std::filesystem::path folder, const RunCard& card, int threads,
                Start start = Start::resume, const std::optional<Shard>& shard = {});
  ResultsFolder(const ResultsFolder&) = delete;
  ResultsFolder& operator=(const ResultsFolder&) = delete;

  /// Everything finished so far, sorted by key.
  std::vector<CellResult> results() const;
  bool contains(const Cell& cell) const;

  /// Returns once the result is on disk. Throws ResultsError if the cell is there already or the
  /// system refuses (a full disk); the file is then as it was before.
  void append(const CellResult& result);

  /// Brings cells.jsonl up to date where append does not: without locks. Called at the end of a
  /// sweep.
  void unite();

  /// What the user should know, a line each: that cells here were computed by another build or
  /// processor, which may change their last digits or, with another commit, more; that cells were
  /// taken from parts; that the file system has no locks; or nothing.
  const std::string& notice() const { return notice_; }

  /// Whether this process may not write here, as into somebody else's results: what is finished can
  /// be read, and append throws.
  bool is_read_only() const { return !cells_ && !part_; }

  const std::filesystem::path& path() const { return folder_; }
  const std::string& experiment() const { return experiment_; }

 private:
  enum class Access { all, part, read };
  struct Lock {
    int descriptor = -1;
    Lock() = default;
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
  };

  Access lock();
  void add_notice(const std::string& line);
  void remove_own_files();
  void open(const RunCard& card, const nlohmann::json& own, Access access);
  std::filesystem::path file(const char* name) const { return folder_ / name; }

  std::filesystem::path folder_;
  std::string experiment_;
  std::string notice_;
  Lock lock_;
  std::optional<CellsFile> cells_;  // where this process has the lock
  std::optional<OwnPart> part_;     // where it is a shard, or there are no locks
  bool is_shard_;
  UnitedCells results_;
  mutable std::mutex mutex_;
};

}  // namespace experiments::harness
