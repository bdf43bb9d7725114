#pragma once

#include <string>

#include "experiments/cli/command_line.h"

namespace experiments::cli {

/// What --help prints, in lines of at most 80 columns: what the command does, how it is called, and
/// its options, or the commands of a group. `words` is what is typed before the options, "./run
/// train".
std::string help_text(const Command& command, const std::string& words);

/// docs/commands.md: a section for each command with its options.
std::string commands_page(const Command& program);

}  // namespace experiments::cli
