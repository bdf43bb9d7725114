#include "lora/variants/dora.h"

#include "nn/half.h"

namespace lora::inline LOWRANK_PRECISION {

Dora::Dora(std::unique_ptr<nn::Linear> linear, const LoraSpec& spec, std::uint64_t seed,
           const std::string& name)
    : lora((nn::unpack(linear->weight), std::move(linear)), spec, seed, name) {
  magnitude.value = row_norms(lora.w0().m.cast<double>());
}

// With g = m / c, W' x = g ∘ (W0 x + s B A x), where BA is formed for c alone. Dropout is on what is
// changed: with z = dropout(x), W0 x + (g - 1) ∘ W0 z + g ∘ s B A z, as PEFT has it.
Var Dora::forward_with(const Pass& pass, Var x, const Tensor& c) {
  const bool drops = pass.dropout_stream && lora.spec.dropout != 0;
  const Var W = pass.tape.parameter(lora.base->weight);
  const Var w0x = autograd::matmul_nt(x, W);  // (..,out)
  const Var z = nn::Dropout{lora.spec.dropout}.forward(pass, x);
  const Var w0z = drops ? autograd::matmul_nt(z, W) : w0x;
  const Var az = autograd::matmul_nt(z, pass.tape.parameter(lora.A));
  const Var u = autograd::scale(az, lora.scale());
  const Var changed = autograd::add_matmul_nt(w0z, u, pass.tape.parameter(lora.B));
  const Var g = autograd::divide(pass.tape.parameter(magnitude), pass.tape.constant(c));
  Var y = autograd::multiply_row(changed, g);
  if (drops) y = autograd::add(autograd::subtract(w0x, w0z), y);
  if (lora.base->bias.value.empty()) return y;
  return autograd::add_row(y, pass.tape.parameter(lora.base->bias));
}

Tensor Dora::norms() const { return row_norms(direction()); }

Eigen::MatrixXd Dora::merged() const {
  const Eigen::MatrixXd V = direction();
  const Eigen::VectorXd m = magnitude.value.m.row(0).transpose().cast<double>();
  return (m.array() / V.rowwise().norm().array()).matrix().asDiagonal() * V;
}

void Dora::visit(const std::string& prefix, const Visitor& fn) {
  lora.visit(prefix, fn);
  fn(nn::join(prefix, "lora_magnitude_vector"), magnitude);
}

}  // namespace lora::inline LOWRANK_PRECISION
