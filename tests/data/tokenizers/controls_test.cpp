#include <doctest/doctest.h>

#include <functional>

#include "data/tokenizers/tokenizer_json.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

// What golden_test.cpp compares would notice a tokenizer that is wrong.
namespace controls_test {

using namespace data::tokenizers;

std::string text_of(const std::string& file) {
  return nn::read_file(std::string(LOWRANK_SOURCE_DIR "/tests/data/tokenizers/") + file);
}

/// How many lines of a golden.jsonl have other ids.
int differences(const Tokenizer& tokenizer, const std::string& golden) {
  int differences = 0;
  const std::string lines = text_of(golden);
  for (std::size_t begin = 0, end; (end = lines.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    const nn::Json line = nn::parse_json(lines.substr(begin, end - begin));
    if (!line.contains("pair"))
      differences += line["ids"] != tokenizer.encode(line["text"].get<std::string>()).ids;
  }
  return differences;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("merges in another order are noticed") {
  const std::string vocabulary = text_of("gpt2/vocab.json"), merges = text_of("gpt2/merges.txt");
  CHECK(differences(*parse_vocabulary_and_merges(vocabulary, merges, ""), "gpt2/golden.jsonl") ==
        0);
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end; (end = merges.find('\n', begin)) != std::string::npos;
       begin = end + 1)
    lines.push_back(merges.substr(begin, end - begin + 1));
  std::string backwards = lines.front();
  for (std::size_t i = lines.size(); i > 1; --i) backwards += lines[i - 1];
  CHECK(differences(*parse_vocabulary_and_merges(vocabulary, backwards, ""), "gpt2/golden.jsonl") >
        5);
}

TEST_CASE("a byte that another character stands for is noticed") {
  // U+0120 stands for a space, U+010A for the end of a line.
  std::string wrong = text_of("gpt2/vocab.json");
  wrong = replaced(wrong, "\"\u0120\":", "\"x\u0120\":");
  wrong = replaced(wrong, "\"\u010A\":", "\"\u0120\":");
  wrong = replaced(wrong, "\"x\u0120\":", "\"\u010A\":");
  CHECK(differences(*parse_vocabulary_and_merges(wrong, text_of("gpt2/merges.txt"), ""),
                    "gpt2/golden.jsonl") > 10);
}

TEST_CASE("a pattern that does not look ahead is noticed") {
  const std::string right = text_of("llama3/tokenizer.json");
  CHECK(differences(*parse_tokenizer_json(right), "llama3/golden.jsonl") == 0);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"(|\\s+(?!\\S))", ""},
           {R"("ignore_merges": true)", R"("ignore_merges": false)"},
           {R"("rstrip": true)", R"("rstrip": false)"}}) {
    CAPTURE(from);
    CHECK(differences(*parse_tokenizer_json(replaced(right, from, to)), "llama3/golden.jsonl") > 0);
  }
}

TEST_CASE("a space in front, and one that a token takes with it, are noticed") {
  const std::string right = text_of("roberta/tokenizer.json");
  CHECK(differences(*parse_tokenizer_json(right), "roberta/golden.jsonl") == 0);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("add_prefix_space": true)", R"("add_prefix_space": false)"},
           {R"("lstrip": true)", R"("lstrip": false)"}}) {
    CAPTURE(from);
    CHECK(differences(*parse_tokenizer_json(replaced(right, from, to)), "roberta/golden.jsonl") >
          0);
  }
}

}  // namespace controls_test
