#include "data/scores/segments.h"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

#include "data/scores/text.h"

namespace data::scores {
namespace {

std::string_view without_space_around(std::string_view line) {
  std::size_t begin = line.size(), end = 0;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t space = space_at(line, i);
    if (space == 0) {
      begin = std::min(begin, i);
      end = i + 1;
    }
    i += std::max<std::size_t>(space, 1);
  }
  return begin < end ? line.substr(begin, end - begin) : std::string_view();
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.emplace_back(without_space_around(line));
  if (lines.empty()) {
    const bool is_file = std::filesystem::is_regular_file(file);
    throw ScoreError(
        fmt::format("{}: {}", file.string(), is_file && in.eof() ? "is empty" : "cannot be read"));
  }
  return lines;
}

}  // namespace

std::vector<std::vector<std::string>> read_references(const std::filesystem::path& file) {
  std::vector<std::vector<std::string>> blocks(1);
  std::size_t number = 0;
  for (std::string& line : lines_of(file)) {
    ++number;
    if (!line.empty())
      blocks.back().push_back(std::move(line));
    else if (blocks.back().empty())
      throw ScoreError(
          fmt::format("{}, line {}: no references before a blank line", file.string(), number));
    else
      blocks.emplace_back();
  }
  if (blocks.back().empty()) blocks.pop_back();  // the file ends with a blank line
  if (blocks.size() > 1) return blocks;
  std::vector<std::vector<std::string>> single;
  for (std::string& reference : blocks.front()) single.push_back({std::move(reference)});
  return single;
}

std::vector<std::string> read_outputs(const std::filesystem::path& file) { return lines_of(file); }

std::vector<Segment> read_segments(const std::filesystem::path& references,
                                   const std::filesystem::path& outputs) {
  auto blocks = read_references(references);
  auto lines = read_outputs(outputs);
  if (blocks.size() != lines.size())
    throw ScoreError(fmt::format("{} has references of {} segments and {} has {} outputs",
                                 references.string(), blocks.size(), outputs.string(),
                                 lines.size()));
  std::vector<Segment> segments;
  for (std::size_t i = 0; i < lines.size(); ++i)
    segments.push_back({std::move(lines[i]), std::move(blocks[i])});
  return segments;
}

void require_references(const std::vector<Segment>& segments) {
  if (segments.empty()) throw std::invalid_argument("a score wants at least one segment");
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (segments[i].references.empty())
      throw std::invalid_argument(
          fmt::format("segment {} of {} has no reference", i + 1, segments.size()));
}

}  // namespace data::scores
