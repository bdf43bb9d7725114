#include "experiments/cli/tokenize.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <iterator>

#include "experiments/bench/bench_tokenize.h"
#include "experiments/cli/command_line.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"

namespace experiments::cli {
namespace {

using data::tokenizers::Encoding;
using data::tokenizers::Tokenizer;

std::string ids_line(const Tokenizer& tokenizer, const TokenizeOptions& given,
                     const std::string& text) {
  return fmt::format("{}\n", fmt::join(tokenizer.encode(text, given.special).ids, " "));
}

/// A member that must be a text.
std::string text_at(const nn::Json& object, const char* name) {
  const nn::Json& value = object.at(name);
  if (!value.is_string())
    throw UsageError(fmt::format("\"{}\" is {}, where a text is wanted", name, nn::shown(value)));
  return value.get<std::string>();
}

std::vector<int> ids_at(const nn::Json& object) {
  std::vector<int> ids;
  for (const nn::Json& id : object.at("ids")) {
    if (!nn::is_whole<int>(id))
      throw UsageError(fmt::format("\"ids\" has {}, where an id is wanted", nn::shown(id)));
    ids.push_back(id.get<int>());
  }
  return ids;
}

/// {"text"}, {"text", "pair"} or {"ids"}.
Encoding encoding_of(const Tokenizer& tokenizer, const TokenizeOptions& given,
                     const nn::Json& request) {
  const bool has_pair = request.contains("pair"), has_text = request.contains("text");
  const bool has_ids = request.contains("ids") && request["ids"].is_array();
  if (request.size() != (has_pair ? 2u : 1u) || has_ids == has_text)
    throw UsageError("it has other members than \"text\", \"text\" and \"pair\", or \"ids\"");
  if (has_ids) return {ids_at(request), {}};
  const std::string text = text_at(request, "text");
  return has_pair ? tokenizer.encode_pair(text, text_at(request, "pair"), given.special)
                  : tokenizer.encode(text, given.special);
}

std::string json_answer(const Tokenizer& tokenizer, const TokenizeOptions& given,
                        const std::string& line) {
  const nn::Json request = nn::parse_json_object(line);
  const Encoding encoding = encoding_of(tokenizer, given, request);
  nn::Json answer{{"ids", encoding.ids}};
  if (request.contains("text")) answer["types"] = encoding.types;
  answer["decoded"] = given.decoded_special ? tokenizer.decode(encoding.ids, *given.decoded_special)
                                            : tokenizer.decode(encoding.ids);
  return json_line(answer);
}

}  // namespace

int run_tokenize(const TokenizeOptions& given) {
  const auto tokenizer = data::tokenizers::load_tokenizer(given.tokenizer, given.form);
  std::string output, line;
  for (int number = 1; std::getline(std::cin, line); ++number) try {
      output +=
          given.json ? json_answer(*tokenizer, given, line) : ids_line(*tokenizer, given, line);
    } catch (const std::invalid_argument& error) {
      throw UsageError(fmt::format("standard input, line {}: {}", number, error.what()));
    }
  print_out("{}", output);
  return 0;
}

int run_bench_tokenize(const BenchTokenizeOptions& given) {
  const TokenizeTiming t = time_tokenizer(given.tokenizer, given.text, given.rounds);
  if (given.json)
    print_out("{}", json_line({{"lines", t.lines},
                               {"bytes", t.bytes},
                               {"tokens", t.tokens},
                               {"load_ms", nn::number_json(t.load_ms)},
                               {"mb_per_s", nn::number_json(t.mb_per_s)}}));
  else
    print_out(
        "loaded in {:.1f} ms (median of {})\n"
        "{} lines, {} bytes, {} tokens: {:.2f} MB/s on one thread\n",
        t.load_ms, given.rounds, t.lines, t.bytes, t.tokens, t.mb_per_s);
  return 0;
}

}  // namespace experiments::cli
