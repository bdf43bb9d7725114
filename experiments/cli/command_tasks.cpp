#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "data/describe.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/example_lines.h"
#include "experiments/cli/model_source.h"
#include "experiments/cli/option_values.h"
#include "experiments/harness/output.h"
#include "nn/files/file.h"

namespace experiments::cli {

namespace {

struct TasksOptions {
  std::vector<data::Task> tasks{data::all_tasks().begin(), data::all_tasks().end()};
  std::optional<int> facts, examples;
  std::filesystem::path folder;
  std::vector<data::Split> splits{std::begin(data::all_splits), std::end(data::all_splits)};
  std::uint64_t seed = 1;
};

std::vector<ExampleSet> chosen_examples(const Command& command, const TasksOptions& given,
                                        const data::TaskOptions& options) {
  const auto has = [&](data::Split split) { return std::ranges::count(given.splits, split) > 0; };
  if (!has(data::Split::train))
    refuse_options(command, {"--examples"}, "without the split train: the others have their size");
  if (!has(data::Split::train) && !has(data::Split::validation))
    refuse_options(command, {"--seed"}, "on the split test, which is the same for every seed");
  std::vector<ExampleSet> sets;
  for (const data::Task& task : given.tasks)
    for (const data::Split split : given.splits)
      sets.push_back(example_set(task, options, split,
                                 split == data::Split::test ? data::test_seed : given.seed,
                                 given.examples));
  return sets;
}

// What can be known to fail is known before the first file is written.
void write_examples(const std::filesystem::path& folder, const std::vector<ExampleSet>& sets) {
  std::vector<std::pair<std::filesystem::path, std::string>> files;
  std::size_t bytes = 0;
  for (const ExampleSet& set : sets) {
    const auto name = fmt::format("{}.{}.jsonl", set.task.name, data::to_string(set.split));
    refuse_to_replace("--export", folder / name);
    bytes += files.emplace_back(folder / name, example_lines(set)).second.size();
  }
  nn::check_writable(files.front().first, bytes);
  nn::create_folders(folder);
  for (std::size_t i = 0; i < files.size(); ++i) {
    nn::write_file_atomically(files[i].first, files[i].second);
    print_out("{}: {} examples\n", files[i].first.string(), sets[i].examples.size());
  }
}

int run_tasks(const Command& command, const TasksOptions& given) {
  data::TaskOptions options = default_task_options();
  options.facts = given.facts.value_or(options.facts);
  if (!any_has_facts(given.tasks)) refuse_options(command, {"--facts"}, "without the task sqlgen");
  if (!given.folder.empty()) {
    write_examples(given.folder, chosen_examples(command, given, options));
    return 0;
  }
  refuse_options(command, {"--splits", "--seed", "--examples"}, "without --export");
  for (const data::Task& task : given.tasks) print_out("{}\n", data::describe(task, options));
  return 0;
}

data::Split parse_split(const std::string& name) {
  for (const data::Split split : data::all_splits)
    if (data::to_string(split) == name) return split;
  throw UsageError(fmt::format("unknown split '{}'; valid are train, validation, test", name));
}

}  // namespace

Command tasks_command() {
  Command command("tasks", "show what the toy tasks ask, with examples");
  auto given = std::make_shared<TasksOptions>();
  add_tasks_option(command, given->tasks);
  add_facts_option(command, given->facts, "sqlgen: how many meanings change");
  command.option("--export", path_value(given->folder),
                 "instead: a folder for the examples, lines of JSON in TASK.SPLIT.jsonl");
  command.option("--splits", some_of<data::Split>(given->splits, given->splits, parse_split, "all"),
                 "export: some of train, validation and test, separated by commas, or all");
  command.option("--seed", seed_value(given->seed),
                 "export: names the training and validation examples, as that of train does");
  command.option("--examples", whole(given->examples, 1, most_examples),
                 "export: how many training examples (default: the task's)");
  command.action([given](const Command& command) { return run_tasks(command, *given); });
  return command;
}

}  // namespace experiments::cli
