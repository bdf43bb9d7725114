#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "data/tokenizers/tokenizer.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace golden_test {

namespace fs = std::filesystem;
using namespace data::tokenizers;

/// How many lines of a file came out as the library has them, and the first that did not.
struct Agreement {
  int lines = 0, equal = 0;
  std::string first_difference;

  void count(bool is_equal, const std::string& line) {
    ++lines;
    if (is_equal)
      ++equal;
    else if (first_difference.empty())
      first_difference = line;
  }
};

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::string text = nn::read_file(path);
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

bool agrees(const Tokenizer& tokenizer, const nn::Json& line) {
  const char* first = line.contains("a") ? "a" : "text";
  const char* second = line.contains("b") ? "b" : "pair";
  const Encoding encoding =
      line.contains(second)
          ? tokenizer.encode_pair(line[first].get<std::string>(), line[second].get<std::string>())
          : tokenizer.encode(line[first].get<std::string>());
  for (const char* types : {"types", "type_ids"})
    if (line.contains(types) && line[types] != encoding.types) return false;
  return line["ids"] == encoding.ids &&
         (!line.contains("decoded") || line["decoded"] == tokenizer.decode(encoding.ids));
}

/// All lines of the folder's golden.jsonl and pairs.jsonl.
Agreement agreement(const fs::path& folder) {
  const auto tokenizer = load_tokenizer(folder);
  Agreement agreement;
  for (const char* name : {"golden.jsonl", "pairs.jsonl"})
    if (fs::exists(folder / name))
      for (const std::string& line : lines_of(folder / name))
        agreement.count(agrees(*tokenizer, nn::parse_json(line)), line);
  return agreement;
}

std::vector<fs::path> folders_of(const fs::path& root) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root))
    if (fs::exists(entry.path() / "golden.jsonl")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

// tests/data/tokenizers/README.md has which library made which.
TEST_CASE("the small tokenizers give the ids and texts that their libraries gave") {
  const std::vector<fs::path> folders =
      folders_of(fs::path(LOWRANK_SOURCE_DIR) / "tests/data/tokenizers");
  CHECK(folders.size() == 8);
  for (const fs::path& folder : folders) {
    CAPTURE(folder);
    const Agreement found = agreement(folder);
    CHECK(found.lines >= 70);
    CHECK(found.equal == found.lines);
    CAPTURE(found.first_difference);
    CHECK(found.first_difference == "");
  }
}

// Larger ones, which are no part of the project: the folder that LOWRANK_REFERENCES names has
// tokenizers/NAME with a golden.jsonl. A test of its own, since it may be skipped.
TEST_CASE("tokenizers of LOWRANK_REFERENCES give the ids and texts that their libraries gave" *
          doctest::skip()) {
  const char* references = std::getenv("LOWRANK_REFERENCES");
  const fs::path root = fs::path(references == nullptr ? "" : references) / "tokenizers";
  if (references == nullptr || !fs::is_directory(root)) {
    fmt::print("skipped: LOWRANK_REFERENCES names no folder with tokenizers/\n");
    return;
  }
  fmt::print("{:<20} {:>6} {:>6}\n", "tokenizer", "lines", "equal");
  for (const fs::path& folder : folders_of(root)) {
    const Agreement found = agreement(folder);
    fmt::print("{:<20} {:>6} {:>6}\n", folder.filename().string(), found.lines, found.equal);
    CAPTURE(folder);
    CHECK(found.lines > 0);
    CHECK(found.first_difference == "");
  }
}

}  // namespace golden_test
