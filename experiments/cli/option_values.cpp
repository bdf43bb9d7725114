#include "experiments/cli/option_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/cli/command_line.h"
#include "experiments/evidence/text.h"
#include "nn/files/numbers.h"

namespace experiments::cli {

std::vector<data::Task> parse_tasks(const std::string& text) {
  if (text == "all") return {data::all_tasks().begin(), data::all_tasks().end()};
  std::vector<data::Task> tasks;
  for (const std::string& name : split_at_commas(text)) {
    const data::Task& task = data::parse_task(name);
    if (std::find(tasks.begin(), tasks.end(), task) != tasks.end())
      throw UsageError(fmt::format("--tasks names '{}' twice", name));
    tasks.push_back(task);
  }
  return tasks;
}

std::string task_list_help() {
  return fmt::format("some of {}, separated by commas, or all", data::task_names("and"));
}

bool any_has_facts(const std::vector<data::Task>& tasks) {
  return std::any_of(tasks.begin(), tasks.end(), [](const data::Task& t) { return t.has_facts; });
}

std::vector<data::Split> parse_splits(const std::string& text) {
  if (text == "all") return {std::begin(data::all_splits), std::end(data::all_splits)};
  std::vector<data::Split> splits;
  for (const std::string& name : split_at_commas(text)) {
    const auto has_name = [&](data::Split split) { return data::to_string(split) == name; };
    const auto* const split = std::ranges::find_if(data::all_splits, has_name);
    if (split == std::end(data::all_splits))
      throw UsageError(fmt::format("unknown split '{}'; valid are train, validation, test", name));
    if (std::ranges::count(splits, *split) > 0)
      throw UsageError(fmt::format("--splits names '{}' twice", name));
    splits.push_back(*split);
  }
  return splits;
}

std::vector<std::string> parse_targets(const std::string& text) {
  static const std::vector<std::string> valid{"q", "k", "v", "o", "up", "down"};
  std::vector<std::string> targets = split_at_commas(text);
  for (const std::string& target : targets)
    if (std::find(valid.begin(), valid.end(), target) == valid.end())
      throw UsageError(
          fmt::format("unknown target '{}'; valid are {}", target, fmt::join(valid, ", ")));
  if (std::set(targets.begin(), targets.end()).size() != targets.size())
    throw UsageError(fmt::format("--targets {} names a projection twice", text));
  return targets;
}

long parse_integer(const std::string& name, const std::string& text, long low, long high) {
  const std::optional<long> value = nn::read_whole(text);
  if (!value || *value < low || *value > high)
    throw UsageError(
        fmt::format("{} '{}': a whole number from {} to {} is wanted", name, text, low, high));
  return *value;
}

double parse_positive(const std::string& name, const std::string& text) {
  const std::optional<double> value = nn::read_number(text);
  if (!value || !(*value > 0) || !std::isfinite(*value))
    throw UsageError(fmt::format("{} '{}': a positive number is wanted", name, text));
  return *value;
}

double parse_not_negative(const std::string& name, const std::string& text) {
  const std::optional<double> value = nn::read_number(text);
  if (!value || !(*value >= 0) || !std::isfinite(*value))
    throw UsageError(fmt::format("{} '{}': a number from 0 is wanted", name, text));
  return *value;
}

double parse_fraction(const std::string& name, const std::string& text) {
  const std::optional<double> value = nn::read_number(text);
  if (!value || !(*value >= 0) || !(*value < 1))
    throw UsageError(fmt::format("{} '{}': a number from 0 to below 1 is wanted", name, text));
  return *value;
}

std::vector<std::pair<std::string, std::string>> split_pairs(const std::string& name,
                                                             const std::string& text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& part : split_at_commas(text)) {
    const std::size_t at = part.find('=');
    if (at == std::string::npos || at == 0)
      throw UsageError(fmt::format("{} '{}': name=value is wanted, as in q=2,v=8", name, part));
    pairs.emplace_back(part.substr(0, at), part.substr(at + 1));
    const auto same = [&](const auto& pair) { return pair.first == pairs.back().first; };
    if (std::count_if(pairs.begin(), pairs.end(), same) > 1)
      throw UsageError(fmt::format("{} names '{}' twice", name, pairs.back().first));
  }
  return pairs;
}

std::vector<int> parse_integers(const std::string& name, const std::string& text, long low,
                                long high) {
  std::set<int> values;
  for (const std::string& part : split_at_commas(text))
    values.insert(static_cast<int>(parse_integer(name, part, low, high)));
  return {values.begin(), values.end()};
}

}  // namespace experiments::cli
