#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace data::scores {

/// Files that cannot be read or do not fit together; the message is one line.
struct ScoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One output of a system, and what people wrote for the same input.
struct Segment {
  std::string output;
  std::vector<std::string> references;
};

/// The references of each segment in the form of the E2E challenge's scorer: a line is a reference,
/// and a blank line ends those of a segment. A file without blank lines has one reference for each
/// segment. White space around a line is dropped. Throws ScoreError: a file that cannot be read or
/// is empty, and "FILE, line 7: no references between two blank lines".
std::vector<std::vector<std::string>> read_references(const std::filesystem::path& file);

/// One output a line; a blank line is an empty output. Throws ScoreError.
std::vector<std::string> read_outputs(const std::filesystem::path& file);

/// Both, side by side. Throws ScoreError also where their numbers differ, naming both.
std::vector<Segment> read_segments(const std::filesystem::path& references,
                                   const std::filesystem::path& outputs);

/// Throws std::invalid_argument where there is no segment, and where one has no reference.
void require_references(const std::vector<Segment>& segments);

}  // namespace data::scores
