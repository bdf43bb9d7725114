#pragma once

#include "experiments/cli/option_values.h"
#include "experiments/training/pretrain.h"

namespace experiments::cli {

/// The base that a command takes where --base-seed names none.
constexpr std::uint64_t default_base_seed = 2;

constexpr long largest_width = 1024, largest_depth = 32;  ///< of a base

/// Which base, as the options say it.
struct BaseOptions {
  std::uint64_t seed = default_base_seed;
  long steps = BaseConfig().steps;
  int width = static_cast<int>(BaseConfig::default_model().d_model);
  int depth = static_cast<int>(BaseConfig::default_model().layers);

  BaseConfig config() const { return base_config(seed, steps, width, depth); }
};

/// --base-seed and --base-steps, and their help.
void add_base_options(Command& command, BaseOptions& base, const std::string& seed_help,
                      const std::string& steps_help);

/// The steps of a base.
Value base_steps_value(long& steps);

/// --width and --depth. `whose` begins their help.
void add_shape_options(Command& command, BaseOptions& base, const std::string& whose = "");

/// The options of pretrain, " --width 128 --depth 3", that make a base of this shape; "" where it
/// is the usual one.
std::string shape_options_text(const nn::DecoderConfig& model);

}  // namespace experiments::cli
