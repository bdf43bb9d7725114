#include "experiments/cli/option_values.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/sqlgen.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/worker_threads.h"
#include "nn/files/numbers.h"

namespace experiments::cli {

namespace {

long read_whole_option(const std::string& option, const std::string& text, long low, long high) {
  const std::optional<long> value = nn::read_whole(text);
  if (!value || *value < low || *value > high)
    throw UsageError(
        fmt::format("{} '{}': a whole number from {} to {} is wanted", option, text, low, high));
  return *value;
}

}  // namespace

Value whole_value(std::function<void(long)> set, std::string shown, long low,
                  std::function<long()> high) {
  return {"INT",
          [=](const std::string& option, const std::string& text) {
            set(read_whole_option(option, text, low, high()));
          },
          std::move(shown), true};
}

Value number_value(std::function<void(double)> set, std::string shown, Bounds bounds) {
  const auto holds = [bounds](double x) {
    if (bounds == Bounds::above_zero) return x > 0 && std::isfinite(x);
    return x >= 0 && (bounds == Bounds::from_zero ? std::isfinite(x) : x < 1);
  };
  const char* const wanted = bounds == Bounds::above_zero  ? "a positive number"
                             : bounds == Bounds::from_zero ? "a number from 0"
                                                           : "a number from 0 to below 1";
  return {"NUMBER",
          [=](const std::string& option, const std::string& text) {
            const std::optional<double> value = nn::read_number(text);
            if (!value || !holds(*value))
              throw UsageError(fmt::format("{} '{}': {} is wanted", option, text, wanted));
            set(*value);
          },
          std::move(shown)};
}

Value whole_list(std::vector<int>& values, long low, long high) {
  return {"LIST", [&values, low, high](const std::string& option, const std::string& text) {
            std::set<int> read;
            for (const std::string& part : split_at_commas(text))
              read.insert(static_cast<int>(read_whole_option(option, part, low, high)));
            values.assign(read.begin(), read.end());
          }};
}

std::vector<std::string> split_unlike(const std::string& option, const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& name : split_at_commas(text)) {
    if (std::ranges::count(names, name) > 0)
      throw UsageError(fmt::format("{} names '{}' twice", option, name));
    names.push_back(name);
  }
  return names;
}

std::vector<Command::Given> split_pairs(const std::string& option, const std::string& text) {
  std::vector<Command::Given> pairs;
  for (const std::string& part : split_at_commas(text)) {
    const std::size_t at = part.find('=');
    if (at == std::string::npos || at == 0)
      throw UsageError(fmt::format("{} '{}': name=value is wanted, as in q=2,v=8", option, part));
    pairs.emplace_back(part.substr(0, at), part.substr(at + 1));
    const auto same = [&](const auto& pair) { return pair.first == pairs.back().first; };
    if (std::ranges::count_if(pairs, same) > 1)
      throw UsageError(fmt::format("{} names '{}' twice", option, pairs.back().first));
  }
  return pairs;
}

Value one_of(std::string& value, const std::string& what, const std::vector<std::string>& names) {
  return {"NAME",
          [=, &value](const std::string&, const std::string& text) {
            if (std::ranges::count(names, text) == 0)
              throw UsageError(fmt::format("unknown {} '{}'; valid are {}", what, text,
                                           fmt::join(names, names.size() == 2 ? " and " : ", ")));
            value = text;
          },
          value};
}

Value text_value(std::string& value) {
  return {"TEXT", [&value](const std::string&, const std::string& text) { value = text; }, value};
}

Value path_value(std::filesystem::path& value) {
  return {"PATH", [&value](const std::string&, const std::string& text) { value = text; },
          value.string()};
}

Value targets_value(std::vector<std::string>& values) {
  const auto read = [&values](const std::string& option, const std::string& text) {
    static const std::vector<std::string> valid{"q", "k", "v", "o", "up", "down"};
    values = split_at_commas(text);
    for (const std::string& target : values)
      if (std::ranges::count(valid, target) == 0)
        throw UsageError(
            fmt::format("unknown target '{}'; valid are {}", target, fmt::join(valid, ", ")));
    if (std::set(values.begin(), values.end()).size() != values.size())
      throw UsageError(fmt::format("{} {} names a projection twice", option, text));
  };
  return {"LIST", read, fmt::format("{}", fmt::join(values, ","))};
}

void add_tasks_option(Command& command, std::vector<data::Task>& tasks) {
  const auto all = data::all_tasks();
  command.option(
      "--tasks",
      some_of<data::Task>(tasks, {all.begin(), all.end()}, data::parse_task, tasks_text(tasks)),
      fmt::format("some of {}, separated by commas, or all", data::task_names("and")));
}

std::string tasks_text(const std::vector<data::Task>& tasks) {
  if (std::ranges::equal(tasks, data::all_tasks())) return "all";
  std::vector<std::string_view> names;
  for (const data::Task& task : tasks) names.push_back(task.name);
  return fmt::format("{}", fmt::join(names, ","));
}

bool any_has_facts(const std::vector<data::Task>& tasks) {
  return std::ranges::any_of(tasks, [](const data::Task& task) { return task.has_facts; });
}

void add_facts_option(Command& command, std::optional<int>& facts, const std::string& help) {
  command.option("--facts", whole(facts, data::min_facts, data::alias_count), help);
}

void add_jobs_option(Command& command, std::optional<int>& jobs, const std::string& what) {
  command.option("--jobs", whole(jobs, 1, most_jobs), what + " at a time (default: the cores)");
}

void add_threads_option(Command& command, int& threads) {
  command.option("--threads", whole(threads, 1, 256), "threads");
}

void add_results_option(Command& command, std::filesystem::path& results) {
  command.option("--results", path_value(results), "results folder; the base is in RESULTS/base");
}

void add_json_option(Command& command, bool& json) {
  command.flag("--json", json, "print one JSON object");
}

}  // namespace experiments::cli
