#include "experiments/batches.h"

#include <algorithm>

namespace experiments {

nn::TokenBatch token_batch(const data::Batch& batch) {
  return {batch.batch_size, batch.length, batch.ids, batch.targets, batch.weights};
}

nn::Score evaluate(nn::Decoder& model, std::span<const data::Example> examples) {
  constexpr std::size_t at_once = 250;
  nn::Score total;
  for (std::size_t begin = 0; begin < examples.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, examples.size() - begin);
    total += nn::score(model, token_batch(data::make_batch(examples.subspan(begin, count))));
  }
  return total;
}

}  // namespace experiments
