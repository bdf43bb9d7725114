#include "nn/half.h"

#include "autograd/ops_models.h"

namespace nn::inline LOWRANK_PRECISION {

void keep_in_half(Parameter& parameter, HalfType type) {
  auto half = std::make_shared<autograd::HalfMatrix>(rounded_to(type, parameter.value));
  parameter.set(Tensor());
  parameter.half = std::move(half);
  parameter.trainable = false;
  parameter.free_grad();
}

void unpack(Parameter& parameter) {
  if (parameter.half) parameter.set(parameter.half->tensor());
}

Shape shape(const Parameter& parameter) {
  return parameter.half ? parameter.half->shape : parameter.value.shape;
}

Tensor in_full(const Parameter& parameter) {
  return parameter.half ? parameter.half->tensor() : parameter.value;
}

Var product(const Pass& pass, Var x, Parameter& weight, Parameter* bias) {
  if (weight.half) {
    if (!bias) return autograd::affine_half(x, weight.half);
    return autograd::affine_half(x, weight.half, pass.tape.parameter(*bias));
  }
  const Var W = pass.tape.parameter(weight);
  if (!bias) return autograd::matmul_nt(x, W);
  return autograd::affine(x, W, pass.tape.parameter(*bias));
}

Var rows(const Pass& pass, Parameter& table, std::span<const int> ids) {
  if (table.half) return pass.tape.constant(table.half->take_rows(ids));
  return autograd::take_rows(pass.tape.parameter(table), ids);
}

Var whole(const Pass& pass, Parameter& parameter) {
  return parameter.half ? pass.tape.constant(parameter.half->tensor())
                        : pass.tape.parameter(parameter);
}

Var HalfLinear::forward(const Pass& pass, Var x) {
  return product(pass, x, weight, bias.value.empty() ? nullptr : &bias);
}

}  // namespace nn::inline LOWRANK_PRECISION
