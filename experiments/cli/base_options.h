#pragma once

#include <string>

#include "experiments/cli/command_line.h"
#include "experiments/training/pretrain.h"

namespace experiments::cli {

/// The options that say which base, as texts; an empty one is the default.
struct BaseTexts {
  std::string seed, steps, width, depth;
};

/// All of them as they are by default, for commands whose --help shows them.
BaseTexts default_base_texts();

/// Declares --width and --depth. `whose` begins their help.
void add_shape_options(Command& command, BaseTexts& texts, const std::string& whose = "");

/// The base that the options name; `steps_option` is what the command calls the steps. Throws
/// UsageError.
BaseConfig base_config_of(const BaseTexts& texts, const std::string& steps_option);

/// The options of pretrain, " --width 128 --depth 3", that make a base of this shape; "" where it
/// is the usual one.
std::string shape_options_text(const nn::DecoderConfig& model);

}  // namespace experiments::cli
