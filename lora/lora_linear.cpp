#include "lora/lora_linear.h"

#include <fmt/format.h>

#include <cmath>

namespace lora::inline LOWRANK_PRECISION {

static Tensor initial_a(const LoraSpec& spec, Index in, std::uint64_t seed,
                        const std::string& name) {
  nn::Random random(seed, fmt::format("{}.lora_A.r{}", name, spec.rank));
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  return spec.init == Init::gaussian ? random.normal({spec.rank, in}, bound)
                                     : random.uniform({spec.rank, in}, -bound, bound);
}

void check(const LoraSpec& spec, Index in, Index out, const std::string& name) {
  const Index most = std::min(in, out);
  if (spec.rank < 1 || spec.rank > most)
    throw std::invalid_argument(
        fmt::format("rank {} for {}: valid are 1 to {}, the smaller side of its {}", spec.rank,
                    name, most, nn::Shape{out, in}.str()));
  if (!std::isfinite(spec.alpha))
    throw std::invalid_argument(fmt::format("alpha must be finite, not {}", spec.alpha));
  if (!(spec.dropout >= 0 && spec.dropout < 1))
    throw std::invalid_argument(
        fmt::format("LoRA dropout must be in [0, 1), not {}", spec.dropout));
}

LoraLinear::LoraLinear(std::unique_ptr<nn::Linear> linear, const LoraSpec& lora_spec,
                       std::uint64_t seed, const std::string& name)
    : base(std::move(linear)), spec(lora_spec) {
  check(spec, base->in_features(), base->out_features(), name);
  nn::set_trainable(*base, false);
  A.value = initial_a(spec, base->in_features(), seed, name);
  B.value = Tensor({base->out_features(), spec.rank});
}

// Contracting from the right: (x Aᵀ) Bᵀ costs 2 M r (in + out), while forming BA first would cost
// 2 r in out and then a full product. The scale goes onto the r-wide middle.
Var LoraLinear::forward(const Pass& pass, Var x) {
  const Var y = base->forward(pass, x);  // (..,out)
  if (merged()) return y;
  const Var z = nn::Dropout{spec.dropout}.forward(pass, x);
  const Var a = pass.tape.parameter(A);
  const Var ax = autograd::matmul_nt(z, a);  // (..,r)
  const Var u = autograd::scale(ax, scale());
  const Var b = pass.tape.parameter(B);
  return autograd::add_matmul_nt(y, u, b);
}

void LoraLinear::visit(const std::string& prefix, const Visitor& fn) {
  base->visit(nn::join(prefix, "base"), fn);
  fn(nn::join(prefix, "lora_A"), A);
  fn(nn::join(prefix, "lora_B"), B);
}

Eigen::MatrixXd LoraLinear::delta() const {
  // lazyProduct: sums of r terms, without a second instance of Eigen's blocked product.
  return scale() * B.value.m.cast<double>().lazyProduct(A.value.m.cast<double>());
}

// What the walk called A, without its last part.
static std::string layer_name(const Parameter& A) {
  const auto dot = A.name.rfind('.');
  return dot == std::string::npos ? "this layer" : A.name.substr(0, dot);
}

MergeError LoraLinear::merge() {
  if (merged()) throw std::logic_error(fmt::format("{} is merged already", layer_name(A)));
  const Eigen::MatrixXd exact = base->weight.full().m.cast<double>() + delta();
  Tensor rounded(base->weight.value.shape);
  rounded.m = exact.cast<nn::Scalar>();
  if (!rounded.m.allFinite())
    throw NonFiniteMerge(
        fmt::format("merging {} would give a weight that is not finite", layer_name(A)));

  const Eigen::ArrayXXd error = (rounded.m.cast<double>() - exact).array().abs();
  const Eigen::ArrayXXd size = exact.array().abs();
  w0_ = std::move(base->weight.value);
  base->weight.set(std::move(rounded));
  return {error.maxCoeff(), (size > 0).select(error / size, 0.0).maxCoeff()};
}

void LoraLinear::unmerge() {
  if (!merged()) throw std::logic_error(fmt::format("{} is not merged", layer_name(A)));
  base->weight.set(std::move(*w0_));
  w0_.reset();
}

}  // namespace lora::inline LOWRANK_PRECISION
