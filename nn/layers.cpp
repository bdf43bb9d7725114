#include "nn/layers.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace nn::inline LOWRANK_PRECISION {

double preserving_stddev(Index fan_in) { return 1 / std::sqrt(static_cast<double>(fan_in)); }

static Parameter filled(Shape shape, Scalar value) {
  Parameter p;
  p.value = Tensor(shape);
  p.value.m.setConstant(value);
  return p;
}

static Parameter gaussian(Shape shape, double stddev, std::uint64_t seed, const std::string& name) {
  Parameter p;
  p.name = name;
  p.value = Random(seed, name).normal(shape, stddev);
  return p;
}

Linear::Linear(Index in, Index out, double stddev, std::uint64_t seed, const std::string& name)
    : weight(gaussian({out, in}, stddev, seed, name + ".weight")), bias(filled({out}, 0)) {}

Var Linear::forward(const Pass& pass, Var x) {
  const Var W = pass.tape.parameter(weight);  // named, so that they are recorded in this order
  if (bias.value.empty()) return autograd::matmul_nt(x, W);
  const Var b = pass.tape.parameter(bias);
  return autograd::affine(x, W, b);
}

void Linear::visit(const std::string& prefix, const Visitor& fn) {
  fn(join(prefix, "weight"), weight);
  if (!bias.value.empty()) fn(join(prefix, "bias"), bias);
}

Embedding::Embedding(Index rows, Index cols, double stddev, std::uint64_t seed,
                     const std::string& name)
    : weight(gaussian({rows, cols}, stddev, seed, name + ".weight")) {}

Var Embedding::forward(const Pass& pass, std::span<const int> ids) {
  return autograd::take_rows(pass.tape.parameter(weight), ids);
}

void Embedding::visit(const std::string& prefix, const Visitor& fn) {
  fn(join(prefix, "weight"), weight);
}

LayerNorm::LayerNorm(Index size, double epsilon)
    : weight(filled({size}, 1)), bias(filled({size}, 0)), eps(epsilon) {
  if (!(static_cast<Scalar>(eps) > 0) ||
      eps > static_cast<double>(std::numeric_limits<Scalar>::max()))
    throw std::invalid_argument(fmt::format(
        "LayerNorm wants an epsilon above 0, finite and not rounded to 0, not {}", eps));
}

Var LayerNorm::forward(const Pass& pass, Var x) {
  const Var w = pass.tape.parameter(weight);
  const Var b = pass.tape.parameter(bias);
  return autograd::layernorm(x, w, b, eps);
}

void LayerNorm::visit(const std::string& prefix, const Visitor& fn) {
  fn(join(prefix, "weight"), weight);
  fn(join(prefix, "bias"), bias);
}

Var Dropout::forward(const Pass& pass, Var x) const {
  return pass.dropout_stream && p != 0 ? autograd::dropout(x, p, *pass.dropout_stream) : x;
}

}  // namespace nn::inline LOWRANK_PRECISION
