#include "data/example.h"

#include <fmt/format.h>

#include <stdexcept>

#include "autograd/random.h"

namespace data {

std::string_view to_string(Task task) {
  switch (task) {
    case Task::sqlgen:
      return "sqlgen";
    case Task::nli:
      return "nli";
    case Task::reorder:
      return "reorder";
  }
  throw std::invalid_argument(fmt::format("no task has the number {}", static_cast<int>(task)));
}

std::string_view to_string(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "validation";
    case Split::test:
      return "test";
  }
  throw std::invalid_argument(fmt::format("no split has the number {}", static_cast<int>(split)));
}

Task parse_task(std::string_view name) {
  for (const Task task : {Task::sqlgen, Task::nli, Task::reorder})
    if (name == to_string(task)) return task;
  throw std::invalid_argument(
      fmt::format("unknown task '{}'; the tasks are sqlgen, nli and reorder", name));
}

Split split_of(Task task, std::uint64_t meaning) {
  autograd::Random stream(meaning, fmt::format("data.{}.split", to_string(task)));
  const std::uint64_t percent = stream.below(100);
  if (percent < 15) return Split::test;
  return percent < 30 ? Split::validation : Split::train;
}

}  // namespace data
