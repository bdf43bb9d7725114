#include "lora/variants/pissa.h"

#include <fmt/format.h>

#include "lora/analysis/linear_algebra.h"
#include "nn/half.h"

namespace lora::inline LOWRANK_PRECISION {

static constexpr std::uint64_t any_seed = 0;  // what it draws is overwritten

Pissa::Start Pissa::start_of(const nn::Linear& linear, const LoraSpec& spec,
                             const std::string& name) {
  check(spec, linear.in_features(), linear.out_features(), name);
  const double s = lora::scale(spec.scaling, spec.alpha, spec.rank);
  if (!(s > 0))
    throw std::invalid_argument(
        fmt::format("PiSSA wants an alpha above 0 for {}, not {}", name, spec.alpha));
  const Svd parts = svd(nn::in_full(linear.weight).m.cast<double>());
  const Eigen::VectorXd root = (parts.sigma.head(spec.rank) / s).cwiseSqrt();
  return {rounded(root.asDiagonal() * parts.V.leftCols(spec.rank).transpose()),
          rounded(parts.U.leftCols(spec.rank) * root.asDiagonal())};
}

Pissa::Pissa(std::unique_ptr<nn::Linear> linear, const LoraSpec& spec, const std::string& name,
             Start start)
    : lora(std::move(linear), spec, any_seed, name) {
  A0.value = std::move(start.A0), B0.value = std::move(start.B0);
  A0.trainable = B0.trainable = false;
  lora.A.value = A0.value, lora.B.value = B0.value;
}

Var Pissa::forward(const Pass& pass, Var x) {
  const Var a0x = autograd::matmul_nt(x, pass.tape.parameter(A0));  // (..,r)
  const Var u = autograd::scale(a0x, -lora.scale());
  return autograd::add_matmul_nt(lora.forward(pass, x), u, pass.tape.parameter(B0));
}

Eigen::MatrixXd Pissa::merged() const {
  const Eigen::MatrixXd b0 = B0.value.m.cast<double>(), a0 = A0.value.m.cast<double>();
  return lora.w0().m.cast<double>() + lora.delta() - lora.scale() * b0.lazyProduct(a0);
}

Tensor Pissa::doubled_a() const {
  Tensor both({2 * lora.spec.rank, in_features()});
  both.m << lora.A.value.m, A0.value.m;
  return both;
}

Tensor Pissa::doubled_b() const {
  Tensor both({out_features(), 2 * lora.spec.rank});
  both.m << lora.B.value.m, -B0.value.m;
  return both;
}

}  // namespace lora::inline LOWRANK_PRECISION
