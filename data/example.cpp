#include "data/example.h"

#include <fmt/format.h>

#include <stdexcept>

#include "autograd/random.h"

namespace data {

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

Split split_of(std::string_view task, std::uint64_t meaning) {
  autograd::Random stream(meaning, fmt::format("data.{}.split", task));
  const std::uint64_t percent = stream.below(100);
  if (percent < 15) return Split::test;
  return percent < 30 ? Split::validation : Split::train;
}

}  // namespace data
