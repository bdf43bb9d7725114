#include "lora/methods/trained_rows.h"

namespace lora::inline LOWRANK_PRECISION {

std::optional<Var> TrainedRows::rows(const Pass& pass, Index layer) {
  if (layer >= table.value.shape[0]) return std::nullopt;
  return autograd::slice_rows(pass.tape.parameter(table), layer * length(), length());
}

void TrainedRows::visit(const std::string& prefix, const Visitor& fn) {
  fn(nn::join(prefix, "rows"), table);
}

Tensor words_to_start(const nn::Decoder& model, Index P, std::uint64_t seed) {
  nn::Random random(seed, "prefix.rows");
  Tensor rows({1, P, model.config.d_model});
  for (Index p = 0; p < P; ++p) {
    const std::uint64_t word = random.below(static_cast<std::uint64_t>(model.config.vocabulary));
    rows.m.row(p) = model.tok.weight.value.m.row(static_cast<Index>(word));
  }
  return rows;
}

}  // namespace lora::inline LOWRANK_PRECISION
