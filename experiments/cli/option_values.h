#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/tasks.h"
#include "experiments/namespaces.h"

/// The values of options, read strictly from their texts. Each function throws UsageError, in one
/// line that names what was given and what is valid.
namespace experiments::cli {

/// "sqlgen,nli" or "all" -> tasks.
std::vector<data::Task> parse_tasks(const std::string& text);
std::string task_list_help();  ///< what parse_tasks takes
bool any_has_facts(const std::vector<data::Task>& tasks);

/// "train,test" or "all" -> splits.
std::vector<data::Split> parse_splits(const std::string& text);

/// "q,v" -> {"q","v"}; a projection that is repeated is an error too.
std::vector<std::string> parse_targets(const std::string& text);

/// A whole number of the option `name`, at least `low` and at most `high`. Nothing else: "-1" does
/// not wrap and "3x" is not 3.
long parse_integer(const std::string& name, const std::string& text, long low, long high);

/// A finite number of the option `name`, greater than zero.
double parse_positive(const std::string& name, const std::string& text);

/// The same, or zero.
double parse_not_negative(const std::string& name, const std::string& text);

/// A number of the option `name`, at least 0 and below 1.
double parse_fraction(const std::string& name, const std::string& text);

/// "q=2,blocks.0.attn.v=8" of the option `name` as pairs of name and text. An entry that is no pair
/// is an error, and so is a name that is there twice.
std::vector<std::pair<std::string, std::string>> split_pairs(const std::string& name,
                                                             const std::string& text);

/// "1,2,4" -> {1,2,4}, each as parse_integer, sorted, without repetitions.
std::vector<int> parse_integers(const std::string& name, const std::string& text, long low,
                                long high);

/// The base that a command takes where --base-seed names none.
constexpr std::uint64_t default_base_seed = 2;

/// What options take at most.
constexpr long largest_seed = 1'000'000'000;
constexpr long most_examples = 100'000;  ///< to train on
constexpr long largest_rank = 64;        ///< d_model of the base
constexpr long most_base_steps = 10'000'000;
constexpr long largest_width = 1024, largest_depth = 32;  ///< of a base

}  // namespace experiments::cli
