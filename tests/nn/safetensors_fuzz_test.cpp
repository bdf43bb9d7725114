#include <doctest/doctest.h>

#include <array>
#include <map>

#include "autograd/random.h"
#include "tests/nn/safetensors_files.h"

namespace safetensors_fuzz_test {

using autograd::Random;
using autograd::Tensor;
using nn::SafetensorsFile;

namespace {

/// A valid file in which most checks have something to look at.
std::string sample() {
  Random random(1, "fuzz.sample");
  nn::SafetensorsWriter writer;
  writer.add("blocks.0.attn.q.weight", random.normal({3, 4}, 1.0));
  writer.add("blocks.0.attn.q.bias", random.normal({3}, 1.0), nn::Dtype::F64);
  writer.add("empty", Tensor(autograd::Shape{0, 2}));
  writer.add("ids", std::vector<std::int32_t>{1, 2, 3, 4}, {2, 2});
  writer.add("tiny", nn::Dtype::F4, {2, 2}, "ab");
  writer.metadata = {{"format", "pt"}, {"note", "caf\xC3\xA9"}};
  return writer.bytes();
}

std::size_t below(Random& random, std::size_t n) {
  return static_cast<std::size_t>(random.below(n));
}

void flip_a_bit(std::string& text, Random& random) {
  if (text.empty()) return;
  char& byte = text[below(random, text.size())];
  byte = static_cast<char>(byte ^ (1 << random.below(8)));
}

/// Puts one of the header's words, or something hostile, in the place of some of its characters.
void replace_a_piece(std::string& header, Random& random) {
  static constexpr std::array<const char*, 30> pieces{"",
                                                      "{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ",",
                                                      ":",
                                                      "\"",
                                                      "0",
                                                      "1",
                                                      "-1",
                                                      "1e9",
                                                      "48",
                                                      "null",
                                                      "\"F32\"",
                                                      "\"F4\"",
                                                      "\"I64\"",
                                                      "\"x\"",
                                                      "\\u0000",
                                                      "\\ud8",
                                                      "{\"a\":1}",
                                                      "[[[[[[[[[",
                                                      "{\"a\":{\"a\":",
                                                      "shape",
                                                      "dtype",
                                                      "data_offsets",
                                                      "__metadata__",
                                                      "18446744073709551615",
                                                      "9223372036854775808",
                                                      "\xFF"};
  const std::size_t at = below(random, header.size() + 1);
  const std::size_t length = below(random, 12);
  header.replace(at, length, pieces.at(below(random, pieces.size())));
}

/// Changes a number of the header by a little.
void change_a_digit(std::string& header, Random& random) {
  const std::size_t from = below(random, header.size());
  const std::size_t digit = header.find_first_of("0123456789", from);
  if (digit != std::string::npos) header[digit] = static_cast<char>('0' + random.below(10));
}

/// Gives a key or a string the text of another one.
void repeat_a_string(std::string& header, Random& random) {
  std::vector<std::size_t> quotes;
  for (std::size_t i = 0; i < header.size(); ++i)
    if (header[i] == '"') quotes.push_back(i);
  const std::size_t to = 2 * below(random, quotes.size() / 2);
  const std::size_t from = 2 * below(random, quotes.size() / 2);
  const std::string text = header.substr(quotes[from], quotes[from + 1] - quotes[from]);
  header.replace(quotes[to], quotes[to + 1] - quotes[to], text);
}

std::string mutated(const std::string& file, Random& random) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  std::string header = file.substr(sizeof(length), length);
  std::string data = file.substr(sizeof(length) + length);
  std::string whole = file;
  switch (random.below(6)) {
    case 0:
      for (std::size_t n = 1 + below(random, 4); n > 0; --n) flip_a_bit(whole, random);
      return whole;
    case 1:
      return file.substr(0, below(random, file.size()));
    case 2:
      for (std::size_t n = 1 + below(random, 3); n > 0; --n) replace_a_piece(header, random);
      break;
    case 3:
      change_a_digit(header, random);
      break;
    case 4:
      repeat_a_string(header, random);
      break;
    default:
      flip_a_bit(data, random);
  }
  return file_of(header, data);
}

/// Everything a caller can ask of a file that has been accepted.
void use(const SafetensorsFile& file) {
  for (const nn::SafetensorsEntry& entry : file.entries()) {
    CHECK(file.bytes(entry).size() == entry.end - entry.begin);
    const bool floats = entry.dtype == nn::Dtype::F32 || entry.dtype == nn::Dtype::F64 ||
                        entry.dtype == nn::Dtype::F16 || entry.dtype == nn::Dtype::BF16;
    CHECK((kind_of([&] { file.tensor(entry.name); }) == "valid") <= floats);
    kind_of([&] { file.int32(entry.name); });
  }
}

}  // namespace

TEST_CASE("damaged files are read or refused by name, and nothing else happens") {
  const std::string file = sample();
  REQUIRE(kind_of_file(file) == "valid");
  Random random(2, "fuzz");
  std::map<std::string, int> seen;
  for (int i = 0; i < 6000; ++i) {
    const std::string bytes = mutated(file, random);
    CAPTURE(i);
    const std::string kind =
        kind_of([&] { use(SafetensorsFile::parse(bytes, "f")); });  // anything else fails the test
    ++seen[kind];
    if (kind != "valid")
      CHECK(message_of_file(bytes).find_first_of(std::string("\n\r\x1B\0", 4)) ==
            std::string::npos);
  }
  // The damage is of many sorts: a fuzzer that always meets the same check tests only that one.
  for (const std::string kind :
       {"valid", "HeaderTooSmall", "HeaderTooLarge", "InvalidHeaderLength", "InvalidHeader",
        "InvalidHeaderDeserialization", "DuplicateKey", "InvalidOffset", "MisalignedSlice",
        "TensorInvalidInfo", "MetadataIncompleteBuffer"}) {
    CAPTURE(kind);
    CHECK(seen[kind] > 0);
  }
}

TEST_CASE("every truncation of a file is refused") {
  const std::string file = sample();
  std::uint64_t header_length = 0;
  std::memcpy(&header_length, file.data(), sizeof(header_length));
  for (std::size_t length = 0; length < file.size(); ++length) {
    CAPTURE(length);
    CHECK(kind_of_file(file.substr(0, length)) == (length < 8 ? "HeaderTooSmall"
                                                   : length < 8 + header_length
                                                       ? "InvalidHeaderLength"
                                                       : "MetadataIncompleteBuffer"));
  }
  CHECK(kind_of_file(file) == "valid");
  CHECK(kind_of_file(file + '\0') == "MetadataIncompleteBuffer");
}

}  // namespace safetensors_fuzz_test
