#include "data/tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
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

std::vector<Example> with_permuted_answers(std::vector<Example> examples, autograd::Random stream) {
  const std::vector<int> order = stream.permutation(static_cast<int>(examples.size()));
  const std::vector<Example> before = examples;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Example& from = before[static_cast<std::size_t>(order[i])];
    if (from.first_target != before.front().first_target ||
        from.target_count != before.front().target_count)
      throw std::invalid_argument(
          "answers can be permuted only where all stand at one place and have one length");
    std::ranges::copy(from.answer(), examples[i].tokens.begin() + from.first_target);
  }
  return examples;
}

double commonest_answer(std::span<const Example> examples) {
  if (examples.empty()) throw std::invalid_argument("no example has a commonest answer");
  std::map<std::vector<int>, int> times;
  int most = 0;
  for (const Example& example : examples) {
    const std::span<const int> answer = example.answer();
    most = std::max(most, ++times[{answer.begin(), answer.end()}]);
  }
  return static_cast<double>(most) / static_cast<double>(examples.size());
}

double blind_loss(std::span<const Example> examples) {
  if (examples.empty()) throw std::invalid_argument("no example has a loss");
  const auto count = static_cast<std::size_t>(examples.front().target_count);
  const auto n = static_cast<double>(examples.size());
  double sum = 0;
  for (std::size_t place = 0; place < count; ++place) {
    std::map<int, int> times;
    for (const Example& example : examples) {
      if (example.answer().size() != count)
        throw std::invalid_argument("answers of several lengths have no common places");
      ++times[example.answer()[place]];
    }
    for (const auto& [word, often] : times) sum -= often / n * std::log(often / n);
  }
  return sum / static_cast<double>(count);
}

std::vector<Example> training_set(const Task& task, const TaskOptions& options,
                                  std::uint64_t seed) {
  return examples(task, options, Split::train, seed, info(task, options).n_train);
}

std::vector<Example> validation_set(const Task& task, const TaskOptions& options,
                                    std::uint64_t seed) {
  return examples(task, options, Split::validation, seed, info(task, options).validation_size);
}

std::vector<Example> test_set(const Task& task, const TaskOptions& options, std::uint64_t seed) {
  return examples(task, options, Split::test, seed, info(task, options).test_size);
}

}  // namespace data
