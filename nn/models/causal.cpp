#include "nn/models/causal.h"

namespace nn::inline LOWRANK_PRECISION {

void CausalModel::make_head(Builder build) {
  if (head == Head::causal && !tied)
    build.matrix(lm_head, "lm_head.weight", {sizes.vocabulary, sizes.width});
  if (head == Head::classifier) build.parameter(score, "score.weight", {sizes.labels, sizes.width});
}

// Of the row that each position is in, the last one whose id is not the padding's.
static std::vector<int> last_real(const Inputs& inputs, std::span<const int> positions,
                                  std::optional<int> pad) {
  std::vector<int> ends;
  for (const int position : positions) {
    const Index first = position / inputs.T * inputs.T;
    Index t = first + inputs.T - 1;
    while (t > first && pad && inputs.ids[static_cast<std::size_t>(t)] == *pad) --t;
    ends.push_back(static_cast<int>(t));
  }
  return ends;
}

Var CausalModel::read_out(const Pass& pass, const Inputs& inputs, Var last,
                          std::span<const int> at) {
  if (head == Head::none) throw no_head();
  if (head == Head::causal)
    return product(pass, autograd::take_rows(last, at), tied ? words() : lm_head);
  // Under a prompt transformers is given embeddings, not ids, and reads the last position.
  const auto by_id = sizes.prompt > 0 ? std::nullopt : pad;
  const Var ends = autograd::take_rows(last, last_real(inputs, at, by_id));
  return autograd::matmul_nt(ends, pass.tape.parameter(score));
}

void CausalModel::check(const Inputs& inputs) const {
  Pretrained::check(inputs);
  if (head == Head::classifier && !pad && inputs.B > 1 && sizes.prompt == 0)
    throw std::invalid_argument(
        "without \"pad_token_id\" a classifier cannot tell where each of several rows ends");
}

}  // namespace nn::inline LOWRANK_PRECISION
