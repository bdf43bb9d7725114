#include "lora/variants/adalora.h"

#include <fmt/format.h>

#include <algorithm>

namespace lora::inline LOWRANK_PRECISION {

AdaLora::AdaLora(std::unique_ptr<nn::Linear> linear, const LoraSpec& given, std::uint64_t seed,
                 const std::string& name)
    : base(std::move(linear)), spec(given) {
  check(spec, in_features(), out_features(), name);
  nn::set_trainable(*base, false);
  A.value = nn::Random(seed, name + ".lora_A").normal({spec.rank, in_features()}, 0.02);
  B.value = nn::Random(seed, name + ".lora_B").normal({out_features(), spec.rank}, 0.02);
  E.value = Tensor({spec.rank, 1});
}

void AdaLora::keep(const std::vector<bool>& kept) {
  if (static_cast<Index>(kept.size()) != E.value.rows())
    throw std::invalid_argument(
        fmt::format("a mask of {} directions for {}", kept.size(), E.value.rows()));
  std::vector<Index> those;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (kept[i]) those.push_back(static_cast<Index>(i));
  const auto n = static_cast<Index>(those.size());
  Tensor a({n, in_features()}), b({out_features(), n}), e({n, 1});
  for (Index i = 0; i < n; ++i) {
    const Index from = those[static_cast<std::size_t>(i)];
    a.m.row(i) = A.value.m.row(from);
    b.m.col(i) = B.value.m.col(from);
    e.m.row(i) = E.value.m.row(from);
  }
  A.set(std::move(a)), B.set(std::move(b)), E.set(std::move(e));
}

Var AdaLora::forward(const Pass& pass, Var x) {
  const Var y = base->forward(pass, x);
  const Index n = E.value.rows();
  if (n == 0) return y;
  const Var z = nn::Dropout{spec.dropout}.forward(pass, x);
  const Var az = autograd::matmul_nt(z, pass.tape.parameter(A));  // (..,n)
  const Var e = autograd::reshape(pass.tape.parameter(E), {n});
  const Var u = autograd::scale(autograd::multiply_row(az, e), scale());
  return autograd::add_matmul_nt(y, u, pass.tape.parameter(B));
}

Eigen::MatrixXd AdaLora::merged() const {
  const Eigen::VectorXd e = E.value.m.col(0).cast<double>();
  const Eigen::MatrixXd ea = e.asDiagonal() * A.value.m.cast<double>();
  return base->weight.full().m.cast<double>() + scale() * B.value.m.cast<double>().lazyProduct(ea);
}

void AdaLora::visit(const std::string& prefix, const Visitor& fn) {
  base->visit(nn::join(prefix, "base"), fn);
  fn(nn::join(prefix, "lora_A"), A);
  fn(nn::join(prefix, "lora_B"), B);
  fn(nn::join(prefix, "lora_E"), E);
}

Var orthogonality(const Pass& pass, std::span<AdaLora* const> layers) {
  std::vector<Var> norms;
  const auto add_distance = [&](Var gram) {  // ‖gram - I‖, gram (n,n)
    Tensor identity(gram.shape());
    identity.m.setIdentity();
    const Var d = autograd::subtract(gram, pass.tape.constant(identity));
    norms.push_back(autograd::sqrt(autograd::sum(autograd::multiply(d, d))));
  };
  for (AdaLora* layer : layers) {
    if (layer->E.value.empty()) continue;
    const Var a = pass.tape.parameter(layer->A), b = pass.tape.parameter(layer->B);
    add_distance(autograd::matmul_nt(a, a));
    add_distance(autograd::matmul_tn(b, b));
  }
  if (norms.empty()) return pass.tape.constant(Tensor({1}));
  Var total = norms.front();
  for (std::size_t i = 1; i < norms.size(); ++i) total = autograd::add(total, norms[i]);
  return autograd::scale(total, 1 / (2.0 * static_cast<double>(layers.size())));
}

}  // namespace lora::inline LOWRANK_PRECISION
