#include "experiments/cli/base_options.h"

#include <fmt/format.h>

#include "experiments/cli/option_values.h"
#include "experiments/harness/bases.h"

namespace experiments::cli {

BaseTexts default_base_texts() {
  const nn::DecoderConfig model = BaseConfig::default_model();
  return {std::to_string(default_base_seed), std::to_string(BaseConfig().steps),
          std::to_string(model.d_model), std::to_string(model.layers)};
}

void add_shape_options(Command& command, BaseTexts& texts, const std::string& whose) {
  const auto shown = [](const std::string& value, nn::Index otherwise) {
    return value.empty() ? fmt::format(" (default {})", otherwise) : "";
  };
  const nn::DecoderConfig model = BaseConfig::default_model();
  command.option("--width", texts.width,
                 whose + "d_model, a multiple of 16" + shown(texts.width, model.d_model));
  command.option("--depth", texts.depth, whose + "layers" + shown(texts.depth, model.layers));
}

BaseConfig base_config_of(const BaseTexts& texts, const std::string& steps_option) {
  const BaseTexts usual = default_base_texts();
  const auto read = [](const std::string& name, const std::string& text,
                       const std::string& otherwise, long low, long high) {
    return parse_integer(name, text.empty() ? otherwise : text, low, high);
  };
  const long seed = read("--base-seed", texts.seed, usual.seed, 0, largest_seed);
  const long steps = read(steps_option, texts.steps, usual.steps, 1, most_base_steps);
  const long width = read("--width", texts.width, usual.width, 16, largest_width);
  const long depth = read("--depth", texts.depth, usual.depth, 1, largest_depth);
  if (width % 16 != 0)
    throw UsageError(fmt::format("--width '{}': a multiple of 16 is wanted", width));
  return base_config(static_cast<std::uint64_t>(seed), steps, static_cast<int>(width),
                     static_cast<int>(depth));
}

std::string shape_options_text(const nn::DecoderConfig& model) {
  const nn::DecoderConfig usual = BaseConfig::default_model();
  std::string text;
  if (model.d_model != usual.d_model) text += fmt::format(" --width {}", model.d_model);
  if (model.layers != usual.layers) text += fmt::format(" --depth {}", model.layers);
  return text;
}

}  // namespace experiments::cli
