#include "experiments/cli/base_options.h"

namespace experiments::cli {

void add_base_options(Command& command, BaseOptions& base, const std::string& seed_help,
                      const std::string& steps_help) {
  command.option("--base-seed", seed_value(base.seed), seed_help);
  command.option("--base-steps", base_steps_value(base.steps), steps_help);
}

Value base_steps_value(long& steps) { return whole(steps, 1, 10'000'000); }

static Value width_value(int& width) {
  Value value = whole(width, 16, largest_width);
  value.read = [&width, read = value.read](const std::string& option, const std::string& text) {
    read(option, text);
    if (width % 16 != 0)
      throw UsageError(fmt::format("{} '{}': a multiple of 16 is wanted", option, width));
  };
  return value;
}

void add_shape_options(Command& command, BaseOptions& base, const std::string& whose) {
  command.option("--width", width_value(base.width), whose + "d_model, a multiple of 16");
  command.option("--depth", whole(base.depth, 1, largest_depth), whose + "layers");
}

std::string shape_options_text(const nn::DecoderConfig& model) {
  const nn::DecoderConfig usual = BaseConfig::default_model();
  std::string text;
  if (model.d_model != usual.d_model) text += fmt::format(" --width {}", model.d_model);
  if (model.layers != usual.layers) text += fmt::format(" --depth {}", model.layers);
  return text;
}

}  // namespace experiments::cli
