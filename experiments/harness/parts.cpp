#include "experiments/harness/parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"

namespace experiments::harness {

namespace fs = std::filesystem;

namespace {

fs::path parts_in(const fs::path& folder) { return folder / "parts"; }

std::vector<fs::path> files_in(const fs::path& folder) {
  std::error_code failed;
  const std::vector<fs::path> files = entries_of(folder, failed);
  if (failed && failed != std::errc::no_such_file_or_directory)
    throw ResultsError(fmt::format("cannot read {}: {}", folder.string(), failed.message()));
  return files;
}

// A pid alone may be another process's on another machine.
std::string this_process() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  std::string host;
  for (const char* at = name.data(); *at != '\0' && *at != '.'; ++at)
    host += std::isalnum(static_cast<unsigned char>(*at)) ? *at : '-';
  return fmt::format("{}-{}", host.empty() ? "host" : host, ::getpid());
}

std::unique_ptr<CellsFile> new_part(const fs::path& folder, const Shard& shard) {
  nn::create_folders(parts_in(folder));
  for (int n = 0;; ++n) {
    const std::string name = fmt::format("{}.{}-{}.jsonl", shard.file_name(), this_process(), n);
    if (auto file = CellsFile::new_file(parts_in(folder) / name)) return file;
  }
}

// The folder stays: another process may be about to make its part in it.
void remove_empty(const fs::path& part) {
  std::error_code ignored;
  if (fs::file_size(part, ignored) != 0 || ignored) return;
  fs::remove(part, ignored);
  fs::remove(card_of_part(part), ignored);
}

// "3-of-8.node7-4711-0.jsonl" is of 3 of 8; another name of 0 of 0.
Shard shard_of(const fs::path& part) {
  const std::string name = part.filename().string();
  const std::string number = name.substr(0, name.find("-of-"));
  const std::size_t end = name.find('.');
  if (number.size() + 4 > end) return {0, 0};
  const auto k = nn::read_whole(number);
  const auto n = nn::read_whole(name.substr(number.size() + 4, end - number.size() - 4));
  return k && n ? Shard{static_cast<int>(*k), static_cast<int>(*n)} : Shard{0, 0};
}

}  // namespace

OwnPart::OwnPart(const fs::path& folder, const Shard& shard, const nlohmann::json& card) {
  try {
    file_ = new_part(folder, shard);
    nn::write_file_atomically(card_of_part(file_->path()), card.dump(2) + "\n");
  } catch (const nn::FileError& error) {
    if (file_) remove_empty(file_->path());
    throw ResultsError(error.what());
  }
}

OwnPart::~OwnPart() { remove_empty(file_->path()); }

fs::path card_of_part(fs::path cells) { return cells.replace_extension(".json"); }

std::vector<fs::path> part_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& file : files_in(parts_in(folder)))
    if (file.extension() == ".jsonl") files.push_back(file);
  return files;
}

std::string shards_text(const std::vector<fs::path>& parts) {
  std::map<int, std::set<int>> numbers;  // by count
  for (const fs::path& part : parts) numbers[shard_of(part).count].insert(shard_of(part).number);
  std::vector<std::string> texts;
  for (const auto& [count, of_count] : numbers)
    texts.push_back(fmt::format("{} of {}", fmt::join(of_count, ", "), count));
  return fmt::format("{}", fmt::join(texts, "; "));
}

void remove_parts(const fs::path& folder) {
  std::error_code failed, ignored;
  for (const fs::path& file : files_in(parts_in(folder)))
    if (file.extension() == ".jsonl" || file.extension() == ".json")
      if (!fs::remove(file, failed) && failed)
        throw ResultsError(fmt::format("cannot remove {}: {}", file.string(), failed.message()));
  fs::remove(parts_in(folder), ignored);
}

}  // namespace experiments::harness
