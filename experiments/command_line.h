#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "data/tasks.h"
#include "experiments/table6.h"

/// The one program `lowrank`. Each command is a file command_<name>.cpp with an add_<name> that
/// declares its options and hands back what to run. Wrong input is an exception whose message is
/// one line; main prints it and exits with 2.
namespace experiments {

/// What a command does once its options are parsed; returns the exit code.
using Action = std::function<int()>;

void add_table6(CLI::App& app, Action& action);
void add_tasks(CLI::App& app, Action& action);
void add_pretrain(CLI::App& app, Action& action);
void add_trace(CLI::App& app, Action& action);
void add_train(CLI::App& app, Action& action);
void add_eval(CLI::App& app, Action& action);
void add_merge(CLI::App& app, Action& action);
void add_generate(CLI::App& app, Action& action);

/// Wrong input that CLI11 does not see itself.
struct UsageError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// "sqlgen,nli" or "all" -> tasks; throws UsageError naming an unknown one and the valid ones.
std::vector<data::Task> parse_tasks(const std::string& text);

/// "a,b" -> {"a","b"}; "" -> {""}.
std::vector<std::string> split_at_commas(const std::string& text);

/// "q,v" -> {"q","v"}; throws UsageError naming an unknown or repeated one and the valid ones.
std::vector<std::string> parse_targets(const std::string& text);

/// A whole number of the option `name`, at least `low` and at most `high`; throws UsageError naming
/// option, value and range. CLI11 alone would wrap a negative number or take "3x" for 3.
long parse_integer(const std::string& name, const std::string& text, long low, long high);

/// A finite number of the option `name`, greater than zero.
double parse_positive(const std::string& name, const std::string& text);

/// A number of the option `name`, at least 0 and below 1.
double parse_fraction(const std::string& name, const std::string& text);

/// "q=2,blocks.0.attn.v=8" of the option `name` as pairs of name and text. Throws UsageError for an
/// entry that is no pair and for a name that is there twice.
std::vector<std::pair<std::string, std::string>> split_pairs(const std::string& name,
                                                             const std::string& text);

/// Throws UsageError "--x has no effect <when>" for the first of these options that was given: what
/// is asked for and does not happen is a mistake, not a detail.
void refuse_options(const CLI::App& command, const std::vector<std::string>& options,
                    const std::string& when);

/// Throws UsageError unless the option was given.
void require_option(const CLI::App& command, const std::string& option, const std::string& valid);

/// "1,2,4" -> {1,2,4}, each as parse_integer, sorted, without repetitions.
std::vector<int> parse_integers(const std::string& name, const std::string& text, long low,
                                long high);

/// Base seeds as given for --base-seed.
constexpr std::uint64_t default_base_seed = 2;

constexpr long largest_seed = 1'000'000'000;
constexpr long largest_rank = 64;  ///< d_model of the base
constexpr long most_base_steps = 10'000'000;

}  // namespace experiments
