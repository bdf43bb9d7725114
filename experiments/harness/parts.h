#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "experiments/harness/cells_file.h"
#include "experiments/harness/shard.h"

/// What shards leave in a results folder:
///
///   parts/K-of-N.HOST-PID-n.jsonl   finished cells, as in cells.jsonl
///   parts/K-of-N.HOST-PID-n.json    the run card of the process
///
/// A file belongs to a process, not to a shard: a job that its scheduler takes for dead and starts
/// again may live twice. So nobody writes what another writes, and no lock is needed.
namespace experiments::harness {

struct RunCard;

/// The part of this process, made at once.
class OwnPart {
 public:
  /// Throws ResultsError where it cannot be made.
  OwnPart(const std::filesystem::path& folder, const Shard& shard, const nlohmann::json& card);
  /// One that stayed empty is removed.
  ~OwnPart();
  OwnPart(const OwnPart&) = delete;
  OwnPart& operator=(const OwnPart&) = delete;

  CellsFile& file() { return *file_; }

 private:
  std::unique_ptr<CellsFile> file_;
};

/// The files of cells in a folder's parts, sorted by name.
std::vector<std::filesystem::path> part_files(const std::filesystem::path& folder);

/// The card beside a part.
std::filesystem::path card_of_part(std::filesystem::path cells);

/// "1, 3 of 8; 2 of 3": of which shards these files are.
std::string shards_text(const std::vector<std::filesystem::path>& parts);

/// Removes them all, and the folder where nothing else is in it. Throws ResultsError.
void remove_parts(const std::filesystem::path& folder);

}  // namespace experiments::harness
