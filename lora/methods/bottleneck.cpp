#include "lora/methods/bottleneck.h"

#include <fmt/format.h>

namespace lora::inline LOWRANK_PRECISION {

// The width is part of the stream's name for the reason that the rank is part of LoRA's: otherwise
// W_down at m = 4 would be the first rows of W_down at m = 8.
Bottleneck::Bottleneck(std::unique_ptr<nn::Linear> linear, Index width, Phi activation,
                       bool with_norm, std::uint64_t seed, const std::string& name)
    : base(std::move(linear)),
      phi(activation),
      down(base->out_features(), width, nn::preserving_stddev(base->out_features()), seed,
           fmt::format("{}.adapter.down.m{}", name, width)),
      up(width, base->out_features(), 0, seed, nn::join(name, "adapter.up")) {
  nn::set_trainable(*base, false);
  if (with_norm) norm.emplace(base->out_features());
  up.weight.value.m.setZero();  // 0 times a draw may be -0
}

Var Bottleneck::forward(const Pass& pass, Var x) {
  const Var y = base->forward(pass, x);                                    // (..,out)
  const Var z = down.forward(pass, norm ? norm->forward(pass, y) : y);     // (..,m)
  const Var a = phi == Phi::gelu ? autograd::gelu(z) : autograd::relu(z);  // (..,m)
  return autograd::add(y, up.forward(pass, a));
}

void Bottleneck::visit(const std::string& prefix, const Visitor& fn) {
  base->visit(nn::join(prefix, "base"), fn);
  const std::string adapter = nn::join(prefix, "adapter");
  if (norm) norm->visit(nn::join(adapter, "norm"), fn);
  down.visit(nn::join(adapter, "down"), fn);
  up.visit(nn::join(adapter, "up"), fn);
}

void add_bottleneck(std::unique_ptr<nn::Projection>& slot, Index width, Bottleneck::Phi phi,
                    bool with_norm, std::uint64_t seed, const std::string& name) {
  if (!dynamic_cast<nn::Linear*>(slot.get()))
    throw std::invalid_argument(fmt::format("{} is wrapped already", name));
  std::unique_ptr<nn::Linear> linear(static_cast<nn::Linear*>(slot.release()));
  slot = std::make_unique<Bottleneck>(std::move(linear), width, phi, with_norm, seed, name);
}

}  // namespace lora::inline LOWRANK_PRECISION
