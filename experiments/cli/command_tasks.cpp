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
  std::string tasks = "all", facts;
  std::string folder, splits = "all", seed = "1", examples;
};

std::vector<ExampleSet> chosen_examples(const Command& command, const TasksOptions& given,
                                        const std::vector<data::Task>& tasks,
                                        const data::TaskOptions& options) {
  const std::vector<data::Split> splits = parse_splits(given.splits);
  const auto has = [&](data::Split split) { return std::ranges::count(splits, split) > 0; };
  if (!has(data::Split::train))
    refuse_options(command, {"--examples"}, "without the split train: the others have their size");
  if (!has(data::Split::train) && !has(data::Split::validation))
    refuse_options(command, {"--seed"}, "on the split test, which is the same for every seed");
  const auto seed =
      static_cast<std::uint64_t>(parse_integer("--seed", given.seed, 0, largest_seed));
  std::optional<int> training_examples;
  if (!given.examples.empty())
    training_examples =
        static_cast<int>(parse_integer("--examples", given.examples, 1, most_examples));
  std::vector<ExampleSet> sets;
  for (const data::Task& task : tasks)
    for (const data::Split split : splits)
      sets.push_back(example_set(task, options, split, seed, training_examples));
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
  const auto tasks = parse_tasks(given.tasks);
  data::TaskOptions options = default_task_options();
  if (!given.facts.empty()) {
    if (!any_has_facts(tasks)) throw UsageError("--facts has no effect without the task sqlgen");
    options.facts = static_cast<int>(parse_integer("--facts", given.facts, 2, 32));
  }
  if (!given.folder.empty()) {
    write_examples(given.folder, chosen_examples(command, given, tasks, options));
    return 0;
  }
  refuse_options(command, {"--splits", "--seed", "--examples"}, "without --export");
  for (const data::Task& task : tasks) print_out("{}\n", data::describe(task, options));
  return 0;
}

}  // namespace

Command tasks_command() {
  Command command("tasks", "show what the toy tasks ask, with examples");
  auto given = std::make_shared<TasksOptions>();
  command.option("--tasks", given->tasks, task_list_help());
  command.option("--facts", given->facts, "sqlgen: how many meanings change");
  command.option("--export", given->folder,
                 "instead: a folder for the examples, lines of JSON in TASK.SPLIT.jsonl");
  command.option("--splits", given->splits,
                 "export: some of train, validation and test, separated by commas, or all");
  command.option("--seed", given->seed,
                 "export: names the training and validation examples, as that of train does");
  command.option("--examples", given->examples,
                 "export: how many training examples (default: the task's)");
  command.action([given](const Command& command) { return run_tasks(command, *given); });
  return command;
}

}  // namespace experiments::cli
