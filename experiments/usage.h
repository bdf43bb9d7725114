#pragma once

#include <CLI/CLI.hpp>
#include <string>

/// What the command line's library says of wrong input, said in one line that names the value and
/// what is valid.
namespace experiments {

/// For an error of parsing; `app` holds what was parsed before it.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

/// Throws UsageError for a value that cannot be meant: an empty one, one with control characters,
/// or the next option's name taken for it ("--out --json").
void check_values(const CLI::App& app);

}  // namespace experiments
