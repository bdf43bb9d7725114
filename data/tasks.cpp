#include "data/tasks.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace data {

std::span<const Task> all_tasks() {
  static const std::array all{tasks::sqlgen, tasks::nli, tasks::reorder};
  return all;
}

const Task& parse_task(std::string_view name) {
  const std::size_t place = task_place(name);
  if (place == all_tasks().size())
    throw std::invalid_argument(
        fmt::format("unknown task '{}'; the tasks are {}", name, task_names("and")));
  return all_tasks()[place];
}

std::size_t task_place(std::string_view name) {
  std::size_t place = 0;
  while (place < all_tasks().size() && all_tasks()[place].name != name) ++place;
  return place;
}

std::string task_names(std::string_view before_last) {
  std::string names(all_tasks().front().name);
  for (const Task& task : all_tasks().subspan(1))
    names += task == all_tasks().back() ? fmt::format(" {} {}", before_last, task.name)
                                        : fmt::format(", {}", task.name);
  return names;
}

TaskInfo info(const Task& task, const TaskOptions& options) { return task.info(options); }

Example example(const Task& task, const TaskOptions& options, Split split, std::uint64_t seed,
                std::uint64_t index) {
  autograd::Random stream(seed, fmt::format("data.{}.{}.{}", task.name, to_string(split), index));
  return task.draw(stream, options, split);
}

std::vector<Example> examples(const Task& task, const TaskOptions& options, Split split,
                              std::uint64_t seed, int count) {
  std::vector<Example> list;
  for (int i = 0; i < count; ++i)
    list.push_back(example(task, options, split, seed, static_cast<std::uint64_t>(i)));
  return list;
}

std::vector<Example> training_set(const Task& task, const TaskOptions& options,
                                  std::uint64_t seed) {
  return examples(task, options, Split::train, seed, info(task, options).n_train);
}

std::vector<Example> validation_set(const Task& task, const TaskOptions& options,
                                    std::uint64_t seed) {
  return examples(task, options, Split::validation, seed, info(task, options).validation_size);
}

std::vector<Example> test_set(const Task& task, const TaskOptions& options) {
  return examples(task, options, Split::test, test_seed, info(task, options).test_size);
}

}  // namespace data
