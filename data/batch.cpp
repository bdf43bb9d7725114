#include "data/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace data {
namespace {

void check(const Example& example, std::size_t length) {
  if (example.tokens.size() != length)
    throw std::invalid_argument(
        fmt::format("a batch of examples of {} and of {} tokens", length, example.tokens.size()));
  const int end = example.first_target + example.target_count;
  if (example.first_target < 1 || example.target_count < 1 || end > static_cast<int>(length))
    throw std::invalid_argument(fmt::format("targets {} to {} in an example of {} tokens",
                                            example.first_target, end - 1, length));
}

}  // namespace

Batch make_batch(std::span<const Example> examples) {
  if (examples.empty()) throw std::invalid_argument("a batch of no examples");
  Batch batch;
  batch.batch_size = static_cast<int>(examples.size());
  for (const Example& e : examples) {
    check(e, examples.front().tokens.size());
    batch.length = std::max(batch.length, e.first_target + e.target_count - 1);
  }
  for (const Example& e : examples)
    for (int t = 0; t < batch.length; ++t) {
      const auto at = static_cast<std::size_t>(t);
      const bool counts = t + 1 >= e.first_target && t + 1 < e.first_target + e.target_count;
      batch.ids.push_back(e.tokens[at]);
      batch.targets.push_back(e.tokens[at + 1]);
      batch.weights.push_back(counts ? 1.0f : 0.0f);
    }
  return batch;
}

}  // namespace data
