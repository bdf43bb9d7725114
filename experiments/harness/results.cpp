#include "experiments/harness/results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "experiments/harness/run_card.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments {
namespace {

using Json = nlohmann::json;

[[noreturn]] void system_error(const std::filesystem::path& path, const char* what) {
  throw ResultsError(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

int open_file(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) system_error(path, "open");
  return descriptor;
}

/// nn's file functions with our error type, so that a caller catches one.
template <class Action>
auto as_results_error(Action action) {
  try {
    return action();
  } catch (const nn::FileError& error) {
    throw ResultsError(error.what());
  }
}

/// A line of cells.jsonl, or ResultsError with the reason and "file:line".
CellResult parse_line(const std::string& line, const std::string& where) {
  try {
    return cell_result_from_json(nn::parse_json_object(line));
  } catch (const std::invalid_argument& error) {
    throw ResultsError(fmt::format("{}: {}", where, error.what()));
  }
}

/// What run.json holds; an object, or ResultsError.
Json run_card(const std::filesystem::path& path, const std::string& text) {
  try {
    return nn::parse_json_object(text);
  } catch (const nn::JsonError& error) {
    throw ResultsError(fmt::format("{} {}; start over with --fresh", path.string(), error.what()));
  }
}

/// The bytes up to the last line end: what follows is torn.
std::size_t whole_lines(const std::string& text) {
  return text.find_last_of('\n') + 1;  // 0 if there is no line end (npos + 1)
}

std::map<std::string, CellResult> cells_in(const std::string& text,
                                           const std::filesystem::path& path) {
  std::map<std::string, CellResult> results;
  int number = 0;
  const std::size_t whole = whole_lines(text);
  for (std::size_t begin = 0; begin < whole;) {
    const std::size_t end = text.find('\n', begin);
    const std::string where = fmt::format("{}:{}", path.string(), ++number);
    const CellResult result = parse_line(text.substr(begin, end - begin), where);
    const auto [at, added] = results.emplace(result.cell.key(), result);
    if (!added)
      throw ResultsError(
          fmt::format("{}: a second result of cell {}", where, nn::plain(at->first)));
    begin = end + 1;
  }
  return results;
}

/// The fields in which a run was built or run differently enough to change its numbers.
std::string changed_machine(const Json& before, const Json& now) {
  std::string changes;
  for (const char* name : {"commit", "compiler", "flags", "cpu"}) {
    const std::string was = before.value(name, "unknown"), is = now.at(name).get<std::string>();
    if (was != is)
      changes += fmt::format("{}{} {} -> {}", changes.empty() ? "" : ", ", name, nn::plain(was),
                             nn::plain(is));
  }
  return changes;
}

}  // namespace

std::vector<CellResult> read_cells(const std::filesystem::path& cells_jsonl) {
  std::vector<CellResult> all;
  std::error_code ignored;
  if (!std::filesystem::exists(cells_jsonl, ignored)) return all;
  const std::string text = as_results_error([&] { return nn::read_file(cells_jsonl); });
  for (const auto& [key, result] : cells_in(text, cells_jsonl)) all.push_back(result);
  return all;
}

ResultsFolder::ResultsFolder(std::filesystem::path folder, const RunCard& card, int threads,
                             Start start)
    : folder_(std::move(folder)), experiment_(card.experiment) {
  as_results_error([&] { nn::create_folders(folder_); });
  try {
    lock();
    if (start == Start::fresh && is_read_only())
      throw ResultsError(fmt::format("{} cannot be written", folder_.string()));
    if (start == Start::fresh) remove_own_files();
    open_card(card, threads);
    open_cells();
  } catch (...) {
    close_files();
    throw;
  }
}

ResultsFolder::~ResultsFolder() { close_files(); }

void ResultsFolder::close_files() {
  if (cells_ >= 0) ::close(cells_);
  // Frees the lock. Its file stays: removing it would race with a process that just opened it.
  if (lock_ >= 0) ::close(lock_);
}

void ResultsFolder::lock() {
  lock_ = ::open(file("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) {
    const int reason = errno;
    const bool is_others = reason == EACCES || reason == EPERM || reason == EROFS;
    if (is_others && std::filesystem::exists(file("run.json"))) return;
    errno = reason;
    system_error(file("lock"), "open");
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno == ENOSYS || errno == ENOLCK || errno == EOPNOTSUPP || errno == EINVAL) {
    add_notice(fmt::format("{} is on a file system without locks ({}): start no second run into it",
                           folder_.string(), std::strerror(errno)));
    return;
  }
  if (errno != EWOULDBLOCK) system_error(file("lock"), "lock");
  throw ResultsError(fmt::format("{} is in use by another run; wait for it or choose another --out",
                                 folder_.string()));
}

void ResultsFolder::add_notice(const std::string& line) {
  notice_ += (notice_.empty() ? "" : "\n") + line;
}

void ResultsFolder::remove_own_files() {
  // The card goes last: a folder with cells but no card is refused, so dying in between is safe.
  for (const std::string& name :
       {std::string("cells.jsonl"), experiment_ + ".md", experiment_ + ".csv",
        std::string("findings.json"), std::string("run.json")}) {
    std::error_code failed;
    std::filesystem::remove(folder_ / name, failed);
    if (failed) {
      throw ResultsError(
          fmt::format("cannot remove {}: {}", (folder_ / name).string(), failed.message()));
    }
  }
}

void ResultsFolder::open_card(const RunCard& card, int threads) {
  const auto path = file("run.json");
  const auto cells = file("cells.jsonl");
  Json there = {{"format", results_format},
                {"experiment", card.experiment},
                {"configuration", card.configuration},
                {"extent", Json::object()},
                {"runs", Json::array()}};
  if (std::filesystem::exists(path)) {
    const std::string text = as_results_error([&] { return nn::read_file(path); });
    there = run_card(path, text);
  } else if (std::filesystem::exists(cells) && std::filesystem::file_size(cells) > 0) {
    throw ResultsError(
        fmt::format("{} has cells but no run.json; choose another --out, or --fresh to remove them",
                    folder_.string()));
  }
  try {
    const Json now = continued_card(there, card, machine_facts(threads));
    if (now != there && !is_read_only())
      as_results_error([&] { nn::write_file_atomically(path, now.dump(2) + "\n"); });
  } catch (const Json::exception&) {
    throw ResultsError(fmt::format("{} is not a run card; start over with --fresh", path.string()));
  }
}

Json ResultsFolder::continued_card(const Json& there, const RunCard& card, Json machine) {
  const Json format = there.value("format", Json(results_format));  // the first ones had none
  if (format != results_format)
    throw ResultsError(
        fmt::format("{} was written by another version: its format is {}, and this "
                    "program reads {}; choose another --out",
                    folder_.string(), nn::shown(format), results_format));
  auto differences = configuration_difference(there.at("configuration"), card.configuration);
  if (there.at("experiment") != card.experiment) {
    differences.insert(differences.begin(),
                       {"experiment", nn::shown(there["experiment"]), card.experiment});
  }
  if (!differences.empty()) {
    throw ResultsError(fmt::format(
        "{} holds another configuration; choose another --out, or --fresh to start over\n{}",
        folder_.string(), difference_text(differences)));
  }
  // One entry per kind of run: the same machine again adds none.
  Json runs = there.at("runs");
  bool known = false;
  std::string others;
  for (Json run : runs) {
    const std::string changes = changed_machine(run, machine);
    if (!changes.empty()) {
      others = fmt::format("{} has cells of another build: {}", folder_.string(), changes);
    }
    run.erase("started");
    known = known || run == machine;
  }
  if (!others.empty()) add_notice(others);
  if (!known) {
    machine["started"] = utc_time();
    runs.push_back(machine);
  }
  return {{"format", results_format},
          {"experiment", card.experiment},
          {"hash", configuration_hash(card.configuration)},
          {"configuration", card.configuration},
          {"extent", extent_union(there.at("extent"), card.extent)},
          {"runs", runs}};
}

void ResultsFolder::open_cells() {
  const auto path = file("cells.jsonl");
  if (is_read_only()) {
    for (const CellResult& result : read_cells(path)) results_.emplace(result.cell.key(), result);
    return;
  }
  cells_ = open_file(path, O_RDWR | O_APPEND);
  const std::string text = as_results_error([&] { return nn::read_file(path); });
  results_ = cells_in(text, path);
  const std::size_t whole = whole_lines(text);
  if (whole < text.size() && ::ftruncate(cells_, static_cast<off_t>(whole)) != 0) {
    system_error(path, "cut the torn end off");
  }
}

std::vector<CellResult> ResultsFolder::results() const {
  const std::lock_guard guard(mutex_);
  std::vector<CellResult> all;
  for (const auto& [key, result] : results_) all.push_back(result);
  return all;
}

bool ResultsFolder::contains(const Cell& cell) const {
  const std::lock_guard guard(mutex_);
  return results_.contains(cell.key());
}

void ResultsFolder::append(const CellResult& result) {
  check_cell(result.cell);
  const std::string line = to_json(result).dump() + "\n";
  const std::lock_guard guard(mutex_);
  if (results_.contains(result.cell.key())) {
    throw ResultsError(
        fmt::format("cell {} is in {} already", result.cell.key(), folder_.string()));
  }
  const auto path = file("cells.jsonl");
  if (is_read_only()) throw ResultsError(fmt::format("{} cannot be written", folder_.string()));
  const off_t before = ::lseek(cells_, 0, SEEK_END);
  if (before < 0) system_error(path, "find the end of");
  errno = 0;
  const ssize_t written = ::write(cells_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()) || !nn::reach_disk(cells_)) {
    const int reason = errno != 0 ? errno : ENOSPC;  // a short write is how a full disk begins
    // If cutting fails too, the torn end remains, which the next opening removes.
    if (::ftruncate(cells_, before) != 0) {
    }
    errno = reason;
    system_error(path, "write");
  }
  results_.emplace(result.cell.key(), result);
}

}  // namespace experiments
