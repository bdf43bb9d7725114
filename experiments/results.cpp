#include "experiments/results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "experiments/run_card.h"
#include "nn/files/file.h"

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
    return cell_result_from_json(nlohmann::ordered_json::parse(line));
  } catch (const nlohmann::json::exception&) {
    throw ResultsError(fmt::format("{}: not a JSON object", where));
  } catch (const std::invalid_argument& error) {
    throw ResultsError(fmt::format("{}: {}", where, error.what()));
  }
}

/// The fields in which a run was built or run differently enough to change its numbers.
std::string changed_machine(const Json& before, const Json& now) {
  std::string changes;
  for (const char* name : {"commit", "compiler", "flags", "cpu"}) {
    const std::string was = before.value(name, "unknown"), is = now.at(name).get<std::string>();
    if (was != is)
      changes += fmt::format("{}{} {} -> {}", changes.empty() ? "" : ", ", name, was, is);
  }
  return changes;
}

}  // namespace

ResultsFolder::ResultsFolder(std::filesystem::path folder, const RunCard& card, int threads,
                             Start start)
    : folder_(std::move(folder)), experiment_(card.experiment) {
  as_results_error([&] { nn::create_folders(folder_); });
  try {
    lock();
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
  lock_ = open_file(file("lock"), O_RDWR);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) system_error(file("lock"), "lock");
  throw ResultsError(fmt::format("{} is in use by another run; wait for it or choose another --out",
                                 folder_.string()));
}

void ResultsFolder::remove_own_files() {
  // The card goes last: a folder with cells but no card is refused, so dying in between is safe.
  for (const std::string& name : {std::string("cells.jsonl"), experiment_ + ".md",
                                  experiment_ + ".csv", std::string("run.json")}) {
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
  Json there = {{"experiment", card.experiment},
                {"configuration", card.configuration},
                {"extent", Json::object()},
                {"runs", Json::array()}};
  if (std::filesystem::exists(path)) {
    const std::string text = as_results_error([&] { return nn::read_file(path); });
    there = Json::parse(text, nullptr, false);
  } else if (std::filesystem::exists(cells) && std::filesystem::file_size(cells) > 0) {
    throw ResultsError(
        fmt::format("{} has cells but no run.json; choose another --out, or --fresh to remove them",
                    folder_.string()));
  }
  try {
    const Json now = continued_card(there, card, machine_facts(threads));
    if (now != there)
      as_results_error([&] { nn::write_file_atomically(path, now.dump(2) + "\n"); });
  } catch (const Json::exception&) {
    throw ResultsError(fmt::format("{} is not a run card; start over with --fresh", path.string()));
  }
}

Json ResultsFolder::continued_card(const Json& there, const RunCard& card, Json machine) {
  auto differences = configuration_difference(there.at("configuration"), card.configuration);
  if (there.at("experiment") != card.experiment) {
    differences.insert(differences.begin(),
                       {"experiment", there["experiment"].dump(), card.experiment});
  }
  if (!differences.empty()) {
    throw ResultsError(fmt::format(
        "{} holds another configuration; choose another --out, or --fresh to start over\n{}",
        folder_.string(), difference_text(differences)));
  }
  // One entry per kind of run: the same machine again adds none.
  Json runs = there.at("runs");
  bool known = false;
  for (Json run : runs) {
    const std::string changes = changed_machine(run, machine);
    if (!changes.empty()) {
      notice_ = fmt::format("{} has cells of another build: {}", folder_.string(), changes);
    }
    run.erase("started");
    known = known || run == machine;
  }
  if (!known) {
    machine["started"] = utc_time();
    runs.push_back(machine);
  }
  return {{"experiment", card.experiment},
          {"hash", configuration_hash(card.configuration)},
          {"configuration", card.configuration},
          {"extent", extent_union(there.at("extent"), card.extent)},
          {"runs", runs}};
}

void ResultsFolder::open_cells() {
  const auto path = file("cells.jsonl");
  cells_ = open_file(path, O_RDWR | O_APPEND);
  const std::string text = as_results_error([&] { return nn::read_file(path); });
  const std::size_t whole = text.find_last_of('\n') + 1;  // 0 if there is no line end (npos + 1)
  int number = 0;
  for (std::size_t begin = 0; begin < whole;) {
    const std::size_t end = text.find('\n', begin);
    const std::string where = fmt::format("{}:{}", path.string(), ++number);
    const CellResult result = parse_line(text.substr(begin, end - begin), where);
    const auto [at, added] = results_.emplace(result.cell.key(), result);
    if (!added) throw ResultsError(fmt::format("{}: a second result of cell {}", where, at->first));
    begin = end + 1;
  }
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
  const off_t before = ::lseek(cells_, 0, SEEK_END);
  if (before < 0) system_error(path, "find the end of");
  errno = 0;
  const ssize_t written = ::write(cells_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()) || ::fsync(cells_) != 0) {
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
