#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "experiments/training/cell.h"

/// Files of finished cells, a line of JSON each: cells.jsonl, and the parts of shards (parts.h).
namespace experiments::harness {

/// A results folder that cannot be used: taken by another process, holding another configuration,
/// damaged, or not writable. The message's first line says what and what to do about it.
struct ResultsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws ResultsError "cannot <what> <path>: <reason of errno>".
[[noreturn]] void system_error(const std::filesystem::path& path, const char* what);

/// Whether there is such a file or folder; what may not be looked at is not there.
bool is_there(const std::filesystem::path& path);

/// What is in a folder, sorted by name: nothing where there is no such folder. `failed` says why
/// it could not be read to its end.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder,
                                              std::error_code& failed);

/// A finished cell, and its line as "file:line".
struct PlacedResult {
  CellResult result;
  std::string place;
};

/// The whole lines of a file; what is torn at its end is none, nor is anything where there is no
/// such file. Throws ResultsError with file and line where one is malformed.
std::vector<PlacedResult> read_cell_lines(const std::filesystem::path& path);

/// The finished cells of one or more files, by key. A cell may be there again, as after two
/// processes ran it, but only with the same outcome.
class UnitedCells {
 public:
  /// Whether it is new. Throws ResultsError that names both lines, and the machines where they are
  /// known, if it came to another outcome than before: anything but its seconds and who ran it.
  bool add(const PlacedResult& found, const std::string& machine = "");

  bool contains(const std::string& key) const { return found_.contains(key); }
  std::vector<CellResult> results() const;  ///< sorted by key

 private:
  struct Found {
    CellResult result;
    std::string origin;  // its line and machine
  };
  std::map<std::string, Found> found_;
};

/// The finished cells in a file of that form, sorted by key; none where there is no such file.
/// Throws as read_cell_lines and UnitedCells::add.
std::vector<CellResult> read_cells(const std::filesystem::path& cells_jsonl);

/// Lines of cells as a file has them.
std::string cell_lines(const std::vector<CellResult>& results);

/// A file to which this process alone appends.
class CellsFile {
 public:
  /// Opens it, and makes it where it is missing. Throws ResultsError.
  explicit CellsFile(const std::filesystem::path& path);
  /// Makes it; nothing where the name is taken, whoever asked for it in the same moment.
  static std::unique_ptr<CellsFile> new_file(const std::filesystem::path& path);
  ~CellsFile();
  CellsFile(const CellsFile&) = delete;
  CellsFile& operator=(const CellsFile&) = delete;

  /// Cuts off what follows the last whole line.
  void cut_torn_end();

  /// Returns once the lines are on disk. Throws ResultsError if the system refuses (a full disk);
  /// the file is then as it was before.
  void append(const std::string& lines);

  const std::filesystem::path& path() const { return path_; }

 private:
  CellsFile(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}

  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace experiments::harness
