#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/tasks.h"
#include "experiments/cli/command_line.h"

/// The values of options: of what kind they are, what is valid, and where they go. What is there
/// before is the default. They are read strictly, "-1" does not wrap and "3x" is not 3, and what is
/// wrong is a UsageError in one line that names what was given and what is valid.
namespace experiments::cli {

/// What options take at most.
constexpr long largest_seed = 1'000'000'000;
constexpr long most_examples = 100'000;  ///< to train on
constexpr long largest_rank = 64;        ///< d_model of the usual base

/// T where nothing may be there: T of std::optional<T>.
template <typename T>
struct Held {
  using Type = T;
};
template <typename T>
struct Held<std::optional<T>> {
  using Type = T;
};

/// How a default is shown: "" where there is none.
inline std::string default_text(const data::Task& task) { return std::string(task.name); }
template <typename T>
std::string default_text(const T& value) {
  return fmt::to_string(value);
}
template <typename T>
std::string default_text(const std::optional<T>& value) {
  return value ? default_text(*value) : "";
}

/// The functions that the values below are made of: each gives what it has read to `set`.
Value whole_value(std::function<void(long)> set, std::string shown, long low,
                  std::function<long()> high);
enum class Bounds { above_zero, from_zero, from_zero_below_one };
Value number_value(std::function<void(double)> set, std::string shown, Bounds bounds);

/// A whole number from `low` to a bound that follows from other values, which are read before it.
/// Like those below it takes a number or a std::optional of one.
template <typename T>
Value whole(T& value, long low, std::function<long()> high) {
  return whole_value([&value](long x) { value = static_cast<typename Held<T>::Type>(x); },
                     default_text(value), low, std::move(high));
}
/// A whole number from `low` to `high`.
template <typename T>
Value whole(T& value, long low, long high) {
  Value made = whole(value, low, [high] { return high; });
  made.depends = false;
  return made;
}
/// A finite number greater than zero.
template <typename T>
Value positive(T& value) {
  return number_value([&value](double x) { value = x; }, default_text(value), Bounds::above_zero);
}
/// The same, or zero.
template <typename T>
Value not_negative(T& value) {
  return number_value([&value](double x) { value = x; }, default_text(value), Bounds::from_zero);
}
/// A number from 0 to below 1.
template <typename T>
Value fraction(T& value) {
  return number_value([&value](double x) { value = x; }, default_text(value),
                      Bounds::from_zero_below_one);
}

/// "1,2,4": whole numbers, sorted, without repetitions.
Value whole_list(std::vector<int>& values, long low, long high);

/// "train,test" as names, none of which is there twice.
std::vector<std::string> split_unlike(const std::string& option, const std::string& text);

/// "q=2,v=8" as pairs of name and text, none of which has the name of another.
std::vector<Command::Given> split_pairs(const std::string& option, const std::string& text);

/// "q=2,blocks.0.attn.v=8": a value for each name. `value_of` says what it may be.
template <typename T>
Value pattern(std::vector<std::pair<std::string, T>>& values, std::function<Value(T&)> value_of) {
  T any{};
  const auto read = [&values, value_of](const std::string& option, const std::string& text) {
    values.clear();
    for (const auto& [name, of_name] : split_pairs(option, text))
      value_of(values.emplace_back(name, T{}).second).read(option + " " + name, of_name);
  };
  return {"LIST", read, "", value_of(any).depends};
}
/// A name for which `parse` returns a value, and throws std::invalid_argument where it knows none.
/// `shown` is the default's name.
template <typename T>
Value named(T& value, std::function<T(const std::string&)> parse, std::string shown = "") {
  return {"NAME",
          [&value, parse](const std::string&, const std::string& text) { value = parse(text); },
          std::move(shown)};
}

/// "train,test" or "all": some values, none of them twice, each by a name as in named.
template <typename T>
Value some_of(std::vector<T>& values, std::vector<T> all,
              std::function<T(const std::string&)> parse, std::string shown) {
  return {"LIST",
          [=, &values](const std::string& option, const std::string& text) {
            if (text == "all") return void(values = all);
            values.clear();
            for (const std::string& name : split_unlike(option, text))
              values.push_back(parse(name));
          },
          std::move(shown)};
}

/// One of these names, of which `what` is the kind: "unknown mode 'x'; valid are lora and full".
Value one_of(std::string& value, const std::string& what, const std::vector<std::string>& names);

Value text_value(std::string& value);
Value path_value(std::filesystem::path& value);

/// A task.
template <typename T>
Value task_value(T& value) {
  return {"NAME",
          [&value](const std::string&, const std::string& text) { value = data::parse_task(text); },
          default_text(value)};
}

/// "q,v": projections, none of them twice.
Value targets_value(std::vector<std::string>& values);

/// What names a stream of random numbers.
template <typename T>
Value seed_value(T& value) {
  return whole(value, 0, largest_seed);
}

/// Options that several commands have, with the words that most of them say of it.

/// --tasks: "sqlgen,nli" or "all". No tasks are no default.
void add_tasks_option(Command& command, std::vector<data::Task>& tasks);
std::string tasks_text(const std::vector<data::Task>& tasks);  ///< as --tasks takes it
bool any_has_facts(const std::vector<data::Task>& tasks);

/// --facts, K of sqlgen.
void add_facts_option(Command& command, std::optional<int>& facts,
                      const std::string& help = "sqlgen: how many meanings change, 2 to 32");

/// --jobs.
void add_jobs_option(Command& command, std::optional<int>& jobs, const std::string& what = "cells");

/// --threads.
void add_threads_option(Command& command, int& threads);

/// --results, where the base is.
void add_results_option(Command& command, std::filesystem::path& results);

/// --json.
void add_json_option(Command& command, bool& json);

}  // namespace experiments::cli
