#include "experiments/harness/cells_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::harness {

namespace fs = std::filesystem;

void system_error(const fs::path& path, const char* what) {
  throw ResultsError(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::vector<fs::path> entries_of(const fs::path& folder, std::error_code& failed) {
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, failed), end; entry != end; entry.increment(failed))
    entries.push_back(entry->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

namespace {

/// A line of a file, or ResultsError with the reason and "file:line".
CellResult parse_line(const std::string& line, const std::string& where) {
  try {
    return cell_result_from_json(nn::parse_json_object(line));
  } catch (const std::invalid_argument& error) {
    throw ResultsError(fmt::format("{}: {}", where, error.what()));
  }
}

/// The bytes up to the last line end: what follows is torn.
std::size_t whole_lines(const std::string& text) {
  return text.find_last_of('\n') + 1;  // 0 if there is no line end (npos + 1)
}

/// A part that stayed empty may go while we look.
std::string text_of_file(const fs::path& path) {
  try {
    return is_there(path) ? nn::read_file(path) : "";
  } catch (const nn::FileError& error) {
    if (!is_there(path)) return "";
    throw ResultsError(error.what());
  }
}

int open_to_append(const fs::path& path, int flags) {
  return ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0666);
}

/// A run that another experiment took over is the same run, however long it took.
bool have_same_outcome(CellResult a, CellResult b) {
  a.experiment = b.experiment = "";
  a.seconds = b.seconds = 0;
  return cell_lines({a}) == cell_lines({b});
}

}  // namespace

std::vector<PlacedResult> read_cell_lines(const fs::path& path) {
  const std::string text = text_of_file(path);
  const std::size_t whole = whole_lines(text);
  std::vector<PlacedResult> lines;
  for (std::size_t begin = 0; begin < whole;) {
    const std::size_t end = text.find('\n', begin);
    const std::string place = fmt::format("{}:{}", path.string(), lines.size() + 1);
    lines.push_back({parse_line(text.substr(begin, end - begin), place), place});
    begin = end + 1;
  }
  return lines;
}

bool UnitedCells::add(const PlacedResult& found, const std::string& machine) {
  const std::string origin =
      machine.empty() ? found.place : fmt::format("{} (on {})", found.place, machine);
  const auto [at, added] = found_.emplace(found.result.cell.key(), Found{found.result, origin});
  if (!added && !have_same_outcome(at->second.result, found.result))
    throw ResultsError(fmt::format(
        "{}: a second result of cell {}, and another one than in {}; remove one of the two lines",
        origin, nn::plain(at->first), at->second.origin));
  return added;
}

std::vector<CellResult> UnitedCells::results() const {
  std::vector<CellResult> all;
  for (const auto& [key, found] : found_) all.push_back(found.result);
  return all;
}

std::vector<CellResult> read_cells(const fs::path& cells_jsonl) {
  UnitedCells cells;
  for (const PlacedResult& line : read_cell_lines(cells_jsonl)) cells.add(line);
  return cells.results();
}

std::string cell_lines(const std::vector<CellResult>& results) {
  std::string lines;
  for (const CellResult& result : results) lines += to_json(result).dump() + "\n";
  return lines;
}

CellsFile::CellsFile(const fs::path& path) : CellsFile(path, open_to_append(path, 0)) {
  if (descriptor_ < 0) system_error(path, "open");
}

std::unique_ptr<CellsFile> CellsFile::new_file(const fs::path& path) {
  const int descriptor = open_to_append(path, O_EXCL);
  if (descriptor < 0 && errno == EEXIST) return nullptr;
  if (descriptor < 0) system_error(path, "open");
  return std::unique_ptr<CellsFile>(new CellsFile(path, descriptor));
}

CellsFile::~CellsFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void CellsFile::cut_torn_end() {
  const std::string text = text_of_file(path_);
  const std::size_t whole = whole_lines(text);
  if (whole < text.size() && ::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0)
    system_error(path_, "cut the torn end off");
}

void CellsFile::append(const std::string& lines) {
  const off_t before = ::lseek(descriptor_, 0, SEEK_END);
  if (before < 0) system_error(path_, "find the end of");
  errno = 0;
  const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
  if (written == static_cast<ssize_t>(lines.size()) && nn::reach_disk(descriptor_)) return;
  const int reason = errno != 0 ? errno : ENOSPC;  // a short write is how a full disk begins
  // If cutting fails too, the torn end remains, which the next opening removes.
  if (::ftruncate(descriptor_, before) != 0) {
  }
  errno = reason;
  system_error(path_, "write");
}

}  // namespace experiments::harness
