#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "data/tokenizers/tokenizer.h"

using namespace data::tokenizers;

namespace {

std::unique_ptr<Tokenizer> bert() {
  return load_tokenizer(std::filesystem::path(LOWRANK_SOURCE_DIR) / "tests/data/tokenizers/bert");
}

std::string words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "a ";
  return text;
}

}  // namespace

TEST_CASE("a text that is too long loses its last ids, and keeps its template") {
  const auto tokenizer = bert();
  const Encoding whole = tokenizer->encode(words(6));
  REQUIRE(whole.ids.size() == 8);
  CHECK_FALSE(whole.is_cut);
  CHECK(tokenizer->encode(words(6), Special::with, 8).ids == whole.ids);
  const Encoding cut = tokenizer->encode(words(6), Special::with, 5);
  CHECK(cut.is_cut);
  std::vector<int> wanted(whole.ids.begin(), whole.ids.begin() + 4);
  wanted.push_back(whole.ids.back());
  CHECK(cut.ids == wanted);
  CHECK(cut.types.size() == 5);
  CHECK_THROWS_WITH_AS(tokenizer->encode("a", Special::with, 1),
                       "1 ids are fewer than the 2 that stand around a text", TokenizerError);
}

// As transformers' fast tokenizers do with truncation="longest_first": of a and b ids in a room of n
// the longer text loses ids until both have n/2, and of two that are too long the second has one more
// where n is odd.
TEST_CASE("of two texts the longer one loses ids first") {
  const auto tokenizer = bert();
  struct Case {
    int first, second, room, kept_first, kept_second;
  };
  for (const Case& c : std::vector<Case>{{6, 2, 8, 6, 2},
                                         {6, 2, 6, 4, 2},
                                         {2, 6, 6, 2, 4},
                                         {6, 6, 7, 3, 4},
                                         {7, 6, 7, 4, 3},
                                         {6, 6, 6, 3, 3},
                                         {9, 1, 3, 2, 1},
                                         {5, 5, 0, 0, 0}}) {
    CAPTURE(c.first);
    CAPTURE(c.second);
    const Encoding cut =
        tokenizer->encode_pair(words(c.first), words(c.second), Special::with,
                               static_cast<std::size_t>(c.room) + 3);  // [CLS], [SEP], [SEP]
    CHECK(std::ranges::count(cut.types, 0) == c.kept_first + 2);
    CHECK(std::ranges::count(cut.types, 1) == c.kept_second + 1);
    CHECK(cut.is_cut == (c.first + c.second > c.room));
  }
}
