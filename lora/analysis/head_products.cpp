#include "lora/analysis/head_products.h"

#include <fmt/format.h>

#include <stdexcept>

#include "lora/lora_linear.h"

namespace lora::inline LOWRANK_PRECISION {

MatrixXd effective_weight(const nn::Projection& projection) {
  if (const auto* linear = dynamic_cast<const nn::Linear*>(&projection))
    return linear->weight.value.m.cast<double>();
  if (const auto* layer = dynamic_cast<const LoraLinear*>(&projection))
    return layer->w0().m.cast<double>() + layer->delta();
  throw std::invalid_argument(
      "the weight of a projection that is neither a Linear nor a LoraLinear is not known");
}

std::vector<HeadProducts> head_products(const nn::Attention& attention) {
  const MatrixXd Wq = effective_weight(*attention.q), Wk = effective_weight(*attention.k),
                 Wv = effective_weight(*attention.v), Wo = effective_weight(*attention.o);
  const Index hs = Wq.rows() / attention.heads;
  std::vector<HeadProducts> products;
  for (Index h = 0; h < attention.heads; ++h)
    products.push_back({product_tn(Wq.middleRows(h * hs, hs), Wk.middleRows(h * hs, hs)),
                        product(Wo.middleCols(h * hs, hs), Wv.middleRows(h * hs, hs))});
  return products;
}

std::vector<HeadProducts> head_changes(const nn::Attention& tuned, const nn::Attention& base) {
  const Index width = tuned.q->in_features(), base_width = base.q->in_features();
  if (tuned.heads != base.heads || width != base_width)
    throw std::invalid_argument(
        fmt::format("attention of {} heads on {} is not a change of {} on {}", tuned.heads, width,
                    base.heads, base_width));
  std::vector<HeadProducts> changes = head_products(tuned);
  const std::vector<HeadProducts> before = head_products(base);
  for (std::size_t h = 0; h < changes.size(); ++h) {
    changes[h].qk -= before[h].qk;
    changes[h].ov -= before[h].ov;
  }
  return changes;
}

}  // namespace lora::inline LOWRANK_PRECISION
