#include "experiments/cli/pretrained_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/readers/reader.h"
#include "experiments/cli/option_values.h"
#include "nn/files/numbers.h"

namespace experiments::cli {

const std::vector<std::string> search_options{"--beams", "--length-penalty", "--no-repeat-ngram",
                                              "--no-cache"};

namespace {

// A penalty below 0 is one on long continuations.
Value penalty_value(double& penalty) {
  return {"NUMBER",
          [&penalty](const std::string& option, const std::string& text) {
            const std::optional<double> x = nn::read_number(text);
            if (!x || !(std::abs(*x) <= 100))
              throw UsageError(
                  fmt::format("{} '{}': a number from -100 to 100 is wanted", option, text));
            penalty = *x;
          },
          fmt::to_string(penalty)};
}

}  // namespace

Value format_value(std::string& format) {
  return {"NAME", [&format](const std::string&, const std::string& text) {
            const auto formats = data::readers::all_formats();
            if (std::ranges::none_of(formats, [&](const auto& f) { return f.name == text; }))
              throw UsageError(fmt::format("unknown format '{}'; valid are {}", text,
                                           data::readers::format_names()));
            format = text;
          }};
}

void add_data_options(Command& command, DataFile& data, const std::string& what) {
  command.option("--data", path_value(data.path), what);
  command.option("--format", format_value(data.format),
                 "with --data: " + data::readers::format_names());
}

void require_data(const Command& command) {
  require_option(command, "--data", "a file");
  require_option(command, "--format", data::readers::format_names());
}

void add_search_options(Command& command, PretrainedGenerate& given) {
  command.option("--beams", whole(given.beams, 1, 1000),
                 "with --model: above 1 beam search, of so many");
  command.option("--length-penalty", penalty_value(given.length_penalty),
                 "with --beams: a text's log-probability is divided by its length to this power");
  command.option("--no-repeat-ngram", whole(given.no_repeat_ngram, 1, 1000),
                 "with --model: no so many tokens twice, those of the prompt counted");
  command.flag("--no-cache", given.no_cache,
               "with --model: compute keys and values of earlier positions again each time");
}

}  // namespace experiments::cli
