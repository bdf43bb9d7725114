#include "experiments/harness/results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "experiments/harness/run_card.h"
#include "nn/files/file.h"

namespace experiments::harness {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::json;

/// nn's file functions with our error type, so that a caller catches one.
template <class Action>
auto as_results_error(Action action) {
  try {
    return action();
  } catch (const nn::FileError& error) {
    throw ResultsError(error.what());
  }
}

/// What a folder has in cells.jsonl with run.json, and in all parts with their cards.
struct FolderContents {
  Json run_json;  ///< as it is there; null where it is not
  Json card;      ///< the union of all cards
  UnitedCells cells;
  std::vector<PlacedResult> only_in_parts;  ///< what cells.jsonl lacks
  std::vector<fs::path> parts;              ///< that have such cells
};

void read_part(const fs::path& part, const RunCard& card, FolderContents& contents) {
  const std::vector<PlacedResult> lines = read_cell_lines(part);
  if (lines.empty()) return;
  if (!is_there(card_of_part(part)))
    throw ResultsError(fmt::format("{} has cells but no {}; remove it", part.string(),
                                   card_of_part(part).filename().string()));
  const Json of_part = read_card(card_of_part(part), card);
  contents.card = united_card(contents.card, of_part);
  bool is_new = false;
  for (const PlacedResult& line : lines) {
    if (!contents.cells.add(line, machines_of(of_part))) continue;
    contents.only_in_parts.push_back(line);
    is_new = true;
  }
  if (is_new) contents.parts.push_back(part);
}

/// Throws ResultsError: a card is missing or of another work than `card`; as read_cell_lines and
/// UnitedCells::add.
FolderContents read_contents(const fs::path& folder, const RunCard& card) {
  FolderContents contents;
  contents.card = card_of_nothing(card);
  const std::vector<PlacedResult> lines = read_cell_lines(folder / "cells.jsonl");
  if (is_there(folder / "run.json")) {
    contents.run_json = contents.card = read_card(folder / "run.json", card);
  } else if (is_there(folder / "cells.jsonl") && fs::file_size(folder / "cells.jsonl") > 0) {
    throw ResultsError(
        fmt::format("{} has cells but no run.json; choose another --out, or --fresh to remove them",
                    folder.string()));
  }
  for (const PlacedResult& line : lines) contents.cells.add(line, machines_of(contents.card));
  for (const fs::path& part : part_files(folder)) read_part(part, card, contents);
  return contents;
}

}  // namespace

std::vector<CellResult> read_folder(const fs::path& folder) {
  UnitedCells cells;
  for (const PlacedResult& line : read_cell_lines(folder / "cells.jsonl")) cells.add(line);
  for (const fs::path& part : part_files(folder))
    for (const PlacedResult& line : read_cell_lines(part)) cells.add(line);
  return cells.results();
}

std::vector<CellResult> read_folder(const fs::path& folder, const RunCard& card) {
  return read_contents(folder, card).cells.results();
}

ResultsFolder::ResultsFolder(fs::path folder, const RunCard& card, int threads, Start start,
                             const std::optional<Shard>& shard)
    : folder_(std::move(folder)), experiment_(card.experiment), is_shard_(shard) {
  as_results_error([&] { nn::create_folders(folder_); });
  const Json own = card_of_run(card, threads);
  const Access access = shard ? Access::part : lock();
  if (start == Start::fresh && access == Access::read)
    throw ResultsError(fmt::format("{} cannot be written", folder_.string()));
  if (start == Start::fresh) remove_own_files();
  // Before the folder is looked at: a client of NFS sees it anew then.
  if (access == Access::part) part_.emplace(folder_, shard.value_or(Shard()), own);
  open(card, own, access);
}

ResultsFolder::Lock::~Lock() {
  // Frees the lock. Its file stays: removing it would race with a process that just opened it.
  if (descriptor >= 0) ::close(descriptor);
}

ResultsFolder::Access ResultsFolder::lock() {
  lock_.descriptor = ::open(file("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_.descriptor < 0) {
    const int reason = errno;
    const bool is_others = reason == EACCES || reason == EPERM || reason == EROFS;
    if (is_others && fs::exists(file("run.json"))) return Access::read;
    errno = reason;
    system_error(file("lock"), "open");
  }
  if (::flock(lock_.descriptor, LOCK_EX | LOCK_NB) == 0) return Access::all;
  if (errno == ENOSYS || errno == ENOLCK || errno == EOPNOTSUPP || errno == EINVAL) {
    add_notice(
        fmt::format("{} is on a file system without locks ({}): new cells go to a part of "
                    "this process first",
                    folder_.string(), std::strerror(errno)));
    return Access::part;
  }
  if (errno != EWOULDBLOCK) system_error(file("lock"), "lock");
  throw ResultsError(fmt::format("{} is in use by another run; wait for it or choose another --out",
                                 folder_.string()));
}

void ResultsFolder::add_notice(const std::string& line) {
  notice_ += (notice_.empty() ? "" : "\n") + line;
}

void ResultsFolder::remove_own_files() {
  remove_parts(folder_);
  // The card goes last: a folder with cells but no card is refused, so dying in between is safe.
  for (const std::string& name :
       {std::string("cells.jsonl"), experiment_ + ".md", experiment_ + ".csv",
        std::string("report.json"), std::string("findings.json"), std::string("run.json")}) {
    std::error_code failed;
    fs::remove(folder_ / name, failed);
    if (failed) {
      throw ResultsError(
          fmt::format("cannot remove {}: {}", (folder_ / name).string(), failed.message()));
    }
  }
}

void ResultsFolder::open(const RunCard& card, const Json& own, Access access) {
  const FolderContents contents = read_contents(folder_, card);
  results_ = contents.cells;
  const Json& run = own.at("runs").front();
  if (const std::string changes = other_build(contents.card, run); !changes.empty())
    add_notice(fmt::format("{} has cells of another build: {}", folder_.string(), changes));
  if (access == Access::read || is_shard_) return;
  const Json all = united_card(contents.card, own);
  if (all != contents.run_json)
    as_results_error([&] { nn::write_file_atomically(file("run.json"), all.dump(2) + "\n"); });
  if (!contents.parts.empty())
    add_notice(fmt::format("{} cells are taken from parts, shards {}",
                           contents.only_in_parts.size(), shards_text(contents.parts)));
  if (access == Access::part) return unite();
  cells_.emplace(file("cells.jsonl"));
  cells_->cut_torn_end();
  std::vector<CellResult> taken;
  for (const PlacedResult& line : contents.only_in_parts) taken.push_back(line.result);
  if (!taken.empty()) cells_->append(cell_lines(taken));
}

void ResultsFolder::unite() {
  if (!part_ || is_shard_) return;
  const std::lock_guard guard(mutex_);
  // Also what others have written meanwhile. The file is replaced: nobody appends to it here.
  const std::string lines = cell_lines(read_folder(folder_));
  as_results_error([&] { nn::write_unless_equal(file("cells.jsonl"), lines); });
}

std::vector<CellResult> ResultsFolder::results() const {
  const std::lock_guard guard(mutex_);
  return results_.results();
}

bool ResultsFolder::contains(const Cell& cell) const {
  const std::lock_guard guard(mutex_);
  return results_.contains(cell.key());
}

void ResultsFolder::append(const CellResult& result) {
  check_cell(result.cell);
  const std::lock_guard guard(mutex_);
  if (results_.contains(result.cell.key())) {
    throw ResultsError(
        fmt::format("cell {} is in {} already", result.cell.key(), folder_.string()));
  }
  if (is_read_only()) throw ResultsError(fmt::format("{} cannot be written", folder_.string()));
  CellsFile& target = part_ ? part_->file() : *cells_;
  target.append(cell_lines({result}));
  results_.add({result, target.path().string()});
}

}  // namespace experiments::harness
