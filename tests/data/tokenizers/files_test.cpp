#include <doctest/doctest.h>

#include <map>

#include "data/tokenizers/tokenizer.h"
#include "nn/files/file.h"

// A folder of files that are not what they should be is refused in one line.
namespace files_test {

namespace fs = std::filesystem;
using namespace data::tokenizers;

const fs::path data_folder = fs::path(LOWRANK_SOURCE_DIR) / "tests/data/tokenizers";

/// Files by name. One of our small tokenizers, or nothing.
using Files = std::map<std::string, std::string>;

Files files_of(const std::string& name) {
  Files files;
  for (const auto& file : fs::directory_iterator(data_folder / name))
    files[file.path().filename().string()] = nn::read_file(file.path());
  return files;
}

std::string refusal(const Files& files) {
  const nn::TemporaryFolder folder;
  for (const auto& [name, text] : files) nn::write_file_atomically(folder / name, text);
  try {
    load_tokenizer(folder.path());
  } catch (const std::exception& error) {
    const std::string prefix = folder.path().string() + ": ", message = error.what();
    CHECK(message.starts_with(prefix));
    for (const char c : message) CHECK((c >= ' ' && c <= '~'));
    return message.substr(prefix.size());
  }
  return "accepted";
}

/// The small tokenizer with one text of one of its files replaced, and what is said of it.
std::string changed(const std::string& name, const std::string& file, const std::string& from,
                    const std::string& to) {
  Files files = files_of(name);
  const std::size_t at = files[file].find(from);
  CAPTURE(from);
  REQUIRE(at != std::string::npos);
  files[file].replace(at, from.size(), to);
  return refusal(files);
}

TEST_CASE("a folder without a tokenizer") {
  CHECK(refusal({}).starts_with("there is no tokenizer: no tokenizer.model, spm.model, vocab.txt"));
  CHECK(refusal({{"vocab.json", "{}"}}).starts_with("there is no tokenizer"));
  CHECK_THROWS_AS(load_tokenizer("/none"), TokenizerError);
}

TEST_CASE("vocab.json and merges.txt") {
  const Files right = files_of("gpt2");
  CHECK(refusal(right) == "accepted");
  const auto with = [&](const char* name, const std::string& text) {
    Files files = right;
    files[name] = text;
    return refusal(files);
  };
  CHECK(with("vocab.json", "{") == "vocab.json: it is not JSON");
  CHECK(with("vocab.json", "[]") == "vocab.json: it is not a JSON object");
  CHECK(with("vocab.json", "{\"a\":1,\"a\":2}") == "vocab.json: it has the member \"a\" twice");
  CHECK(with("vocab.json", "{\"a\":1,\"b\":1}") ==
        "vocab.json: the tokens \"a\" and \"b\" have the same id 1");
  for (const char* id : {"-1", "1.5", "\"x\"", "4294967296"})
    CHECK(with("vocab.json", std::string("{\"a\":") + id + "}") ==
          std::string("vocab.json: \"a\" is ") + id + ", where an id is wanted");
  CHECK(
      with("vocab.json", "{\"a\":1}") ==
      "merges.txt: the byte 0x00 wants the token \"\\u0100\", which the vocabulary does not have");
  CHECK(with("merges.txt", "#version: 0.2\na b c\n") ==
        "merges.txt: line 2 is \"a b c\", where two tokens are wanted");
  CHECK(with("merges.txt", "a zz\n") ==
        "merges.txt: merge 1 wants the token \"zz\", which the vocabulary does not have");
  CHECK(with("merges.txt", "\u0120 t\n\u0120 t\n") ==
        "merges.txt: merge 2 is of \"\\u0120\" and \"t\", which have one already");
  CHECK(with("merges.txt", "a \xff\n") == "merges.txt: byte 3 is not UTF-8");
  CHECK(with("added_tokens.json", "{}") ==
        "added_tokens.json is not supported without a tokenizer.json");
  CHECK(with("tokenizer_config.json", "{\"tokenizer_class\": \"T5Tokenizer\"}") ==
        "tokenizer_config.json: tokenizer_class is \"T5Tokenizer\"; with vocab.json and merges.txt "
        "GPT2Tokenizer, RobertaTokenizer and DebertaTokenizer are supported");
  CHECK(with("tokenizer_config.json", "{\"tokenizer_class\": \"RobertaTokenizer\"}") ==
        "tokenizer_config.json: the vocabulary has no token \"<s>\"");
  CHECK(with("tokenizer_config.json", "{\"add_bos_token\": true}") ==
        "tokenizer_config.json: add_bos_token is true, and only false is supported");
}

TEST_CASE("tokenizer.json") {
  const auto llama3 = [](const char* from, const char* to) {
    return changed("llama3", "tokenizer.json", from, to);
  };
  CHECK(llama3("\"version\"", "\"version\"") == "accepted");
  CHECK(llama3("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}") ==
        "tokenizer.json: normalizer is an object with 1 members, which is not supported");
  CHECK(llama3("\"truncation\": null", "\"truncation\": {\"max_length\": 128}") ==
        "tokenizer.json: truncation is an object with 1 members, which is not supported");
  CHECK(llama3("\"version\"", "\"novelty\"") ==
        "tokenizer.json: novelty is \"1.0\", which is not supported");
  CHECK(llama3("\"type\": \"BPE\"", "\"type\": \"Unigram\"") ==
        "tokenizer.json: model.type is \"Unigram\", and only \"BPE\", the byte-level one, is "
        "supported");
  CHECK(llama3("\"dropout\": null", "\"dropout\": 0.1") ==
        "tokenizer.json: model.dropout is 0.1, and only 0.0 is supported");
  CHECK(llama3("\"byte_fallback\": false", "\"byte_fallback\": true") ==
        "tokenizer.json: model.byte_fallback is true, and only false is supported");
  CHECK(llama3("\"ignore_merges\"", "\"ignore_merge\"") ==
        "tokenizer.json: model.ignore_merge is true, which is not supported");
  CHECK(llama3("\"behavior\": \"Isolated\"", "\"behavior\": \"Removed\"") ==
        "tokenizer.json: pre_tokenizer.pretokenizers[0].behavior is \"Removed\", and only "
        "\"Isolated\" is supported");
  CHECK(llama3("\"add_prefix_space\": false", "\"add_prefix_space\": true") ==
        "tokenizer.json: pre_tokenizer.pretokenizers[1].add_prefix_space is true, and only false "
        "after \"Split\" is supported");
  CHECK(llama3("(?i:", "(?x:") == "tokenizer.json: a pattern has (?x:, which is not supported");
  CHECK(llama3("\"single_word\": false", "\"single_word\": true") ==
        "tokenizer.json: the added token 421.single_word is true, and only false is supported");
  CHECK(llama3("\"TemplateProcessing\"", "\"Template\"") ==
        "tokenizer.json: post_processor.processors[1].type is \"Template\", and only "
        "\"ByteLevel\", \"TemplateProcessing\" and \"RobertaProcessing\" is supported");
  CHECK(llama3("\"id\": 421", "\"id\": 1") ==
        "tokenizer.json: the tokens \"\\\"\" and \"<|begin_of_text|>\" have the same id 1");
  CHECK(refusal({{"tokenizer.json", "{}"}}) == "tokenizer.json: there is no model");
  CHECK(refusal({{"tokenizer.json", "\x80\x04\x95pickle"}}) == "tokenizer.json: it is not JSON");
}

TEST_CASE("vocab.txt") {
  CHECK(refusal({{"vocab.txt", "a\nb\na\n"}}) == "vocab.txt: the token \"a\" has two ids, 0 and 2");
  CHECK(refusal({{"vocab.txt", "a\n"}}) == "vocab.txt: there is no token \"[UNK]\"");
  CHECK(refusal({{"vocab.txt", "\xff\n"}}) == "vocab.txt: byte 1 is not UTF-8");
  const std::string config = "tokenizer_config.json";
  CHECK(changed("bert-cased", config, "false", "0") ==
        "tokenizer_config.json: do_lower_case is 0, where true or false is wanted");
  CHECK(changed("bert-cased", config, "BertTokenizer", "JumboTokenizer") ==
        "tokenizer_config.json: tokenizer_class is \"JumboTokenizer\"; with vocab.txt "
        "BertTokenizer is supported");
  CHECK(changed("bert-cased", config, "}", ", \"never_split\": [\"x\"]}") ==
        "tokenizer_config.json: never_split is a list with 1 members, and only null is supported");
}

TEST_CASE("SentencePiece's models") {
  CHECK(refusal({{"tokenizer.model", "no model"}})
            .starts_with("tokenizer.model: it is no SentencePiece model"));
  CHECK(refusal({{"tokenizer.model", ""}})
            .starts_with("tokenizer.model: it is no SentencePiece model"));
  CHECK(changed("llama", "tokenizer_config.json", "LlamaTokenizer", "T5Tokenizer") ==
        "tokenizer_config.json: tokenizer_class is \"T5Tokenizer\"; with a SentencePiece model "
        "LlamaTokenizer and DebertaV2Tokenizer are supported");
  CHECK(changed("llama", "tokenizer_config.json", "LlamaTokenizer", "DebertaV2Tokenizer") ==
        "tokenizer.model: the model has no piece \"[CLS]\"");
  // Without a configuration nothing is put around a text; asked for, it is.
  const auto plain = load_tokenizer(data_folder / "llama", PieceForm::plain);
  const auto framed = load_tokenizer(data_folder / "llama", PieceForm::llama);
  CHECK(framed->encode("a").ids.size() == plain->encode("a").ids.size() + 1);
  CHECK(framed->encode("a").ids == load_tokenizer(data_folder / "llama")->encode("a").ids);
  CHECK(plain->encode("").ids.empty());
}

/// A field with a length, as protocol buffers have it.
std::string field(char number, const std::string& bytes) {
  std::string length;
  for (std::size_t rest = bytes.size();; rest >>= 7) {
    length += static_cast<char>((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0));
    if (rest <= 0x7F) break;
  }
  return static_cast<char>(number << 3 | 2) + length + bytes;
}

/// A normalization table of 256 nodes, of which node 1 is given, and one text.
std::string table_with(std::uint32_t node, std::uint32_t length = 4 * 256) {
  std::string table(4 + 4 * 256, '\0');
  for (std::size_t i = 0; i < 4; ++i) {
    table[i] = static_cast<char>(length >> (8 * i));
    table[8 + i] = static_cast<char>(node >> (8 * i));
  }
  return table + std::string("x\0", 2);
}

// The library would follow it to wherever it leads.
TEST_CASE("a normalization table that leads out of itself is refused") {
  const std::string model = nn::read_file(data_folder / "llama" / "tokenizer.model");
  const auto with_table = [&](const std::string& table) {
    return refusal({{"tokenizer.model", model + field(3, field(2, table))}});
  };
  const std::string refused =
      "tokenizer.model: it is no SentencePiece model: its fields or its normalization are broken";
  CHECK(with_table(table_with(0)) == "accepted");
  CHECK(with_table(table_with(1u << 31 | 0xFFFF)) == "accepted");  // a value, which leads nowhere
  CHECK(with_table(table_with(1u << 18)) == refused);              // to node 256
  CHECK(with_table(table_with(1u << 10 | 1u << 9)) == refused);    // the same, by a large step
  CHECK(with_table(table_with(0, 4 * 256 + 4)) == refused);        // longer than the table
  CHECK(with_table(table_with(0, 4 * 256 - 1)) == refused);
  CHECK(with_table(std::string(4, '\0')) == refused);
  CHECK(with_table("abc") == refused);
  // Node 1 ends an entry, whose text begins where node 3 says: behind the last one, or at its end.
  std::string table = table_with(2u << 10 | 0x100);
  char& place = table[4 + 4 * 3];
  place = 2;
  CHECK(with_table(table) == refused);
  place = 1;
  CHECK(with_table(table) == "accepted");
  table.back() = 'y';  // the texts do not end
  CHECK(with_table(table) == refused);
  // Fields that are cut, or of no kind.
  for (const char* end :
       {"\x1a", "\x1a\x05x", "\x1b", "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"})
    CHECK(refusal({{"tokenizer.model", model + end}}) == refused);
}

TEST_CASE("what is not a text, and what is not an id") {
  for (const char* name : {"gpt2", "bert", "llama"}) {
    CAPTURE(name);
    const auto tokenizer = load_tokenizer(data_folder / name);
    const auto message = [](auto action) -> std::string {
      try {
        action();
      } catch (const TokenizerError& error) {
        return error.what();
      }
      return "accepted";
    };
    CHECK(message([&] { tokenizer->encode("ab\xff"); }) == "byte 3 is not UTF-8");
    CHECK(message([&] { tokenizer->encode_pair("a", "\xff"); }) == "byte 1 is not UTF-8");
    for (const int id : {-1, tokenizer->size(), 1'000'000'000}) {
      CHECK(message([&] { tokenizer->decode(std::vector<int>{id}); }) ==
            "no token has the id " + std::to_string(id) + "; they are from 0 to " +
                std::to_string(tokenizer->size() - 1));
    }
    CHECK(tokenizer->decode(std::vector<int>{}) == "");
    CHECK(tokenizer->id_of("no such token") == std::nullopt);
    CHECK(tokenizer->id_of("a").has_value());
  }
}

TEST_CASE("special tokens are put around a text and left out of one as asked") {
  const auto bert = load_tokenizer(data_folder / "bert");
  const std::vector<int> ids = bert->encode("a b").ids;
  CHECK(bert->decode(ids) == "a b");
  CHECK(bert->decode(ids, Special::with) == "[CLS] a b [SEP]");
  CHECK(bert->encode("a b", Special::without).ids ==
        std::vector<int>(ids.begin() + 1, ids.end() - 1));
  const auto roberta = load_tokenizer(data_folder / "roberta");
  CHECK(roberta->decode(roberta->encode("a").ids) == "<s> a</s>");
  CHECK(roberta->decode(roberta->encode("a").ids, Special::without) == " a");
}

}  // namespace files_test
