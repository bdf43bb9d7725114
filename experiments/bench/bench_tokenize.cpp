#include "experiments/bench/bench_tokenize.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "data/tokenizers/tokenizer.h"
#include "experiments/harness/timing.h"
#include "nn/files/file.h"

namespace experiments::bench {

static std::vector<std::string_view> lines_of_text(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

TokenizeTiming time_tokenizer(const std::filesystem::path& folder,
                              const std::filesystem::path& path, int rounds) {
  const auto tokenizer = data::tokenizers::load_tokenizer(folder);
  const std::string text = nn::read_file(path);
  const std::vector<std::string_view> lines = lines_of_text(text);
  TokenizeTiming timing{.lines = lines.size(), .bytes = text.size()};
  for (std::size_t i = 0; i < lines.size(); ++i) try {
      timing.tokens += tokenizer->encode(lines[i]).ids.size();
    } catch (const data::tokenizers::TokenizerError& error) {
      throw data::tokenizers::TokenizerError(
          fmt::format("{}, line {}: {}", path.string(), i + 1, error.what()));
    }

  const auto load = [&] { data::tokenizers::load_tokenizer(folder); };
  const auto encode = [&] {
    for (const std::string_view line : lines) tokenizer->encode(line);
  };
  const auto seconds = interleaved_seconds({load, encode}, rounds);
  timing.load_ms = 1e3 * quantile(seconds[0], 0.5);
  timing.mb_per_s = 1e-6 * static_cast<double>(text.size()) / quantile(seconds[1], 0.5);
  return timing;
}

}  // namespace experiments::bench
