#pragma once

#include "experiments/cli/command_line.h"

namespace experiments::cli {

/// Reads the command line into the values of `program`, the group of all commands, and returns the
/// command that was chosen; null once --help has printed what it was asked for. Throws UsageError,
/// whose one line names the value and what is valid. So is a value that cannot be meant: an empty
/// one, one with control characters, or the next option's name taken for it ("--out --json").
const Command* parse(Command& program, int argc, char** argv);

}  // namespace experiments::cli
