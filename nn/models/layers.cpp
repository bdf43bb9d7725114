#include "nn/models/layers.h"

#include <fmt/format.h>

#include "autograd/ops_models.h"

namespace nn::inline LOWRANK_PRECISION {

Var RmsNorm::forward(const Pass& pass, Var x) {
  return autograd::rms_norm(x, pass.tape.parameter(weight), eps);
}

void RmsNorm::visit(const std::string& prefix, const Visitor& fn) {
  fn(join(prefix, "weight"), weight);
}

Activation parse_activation(std::string_view name) {
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "tanh") return Activation::tanh;
  throw std::invalid_argument(fmt::format(
      "the activation '{}' is not known; those known are gelu, gelu_new, gelu_pytorch_tanh, relu, "
      "silu, swish and tanh",
      name));
}

Var activate(Activation activation, Var x) {
  switch (activation) {
    case Activation::gelu:
      return autograd::gelu(x, autograd::Gelu::erf);
    case Activation::gelu_tanh:
      return autograd::gelu(x, autograd::Gelu::tanh);
    case Activation::relu:
      return autograd::relu(x);
    case Activation::silu:
      return autograd::silu(x);
    default:
      return autograd::tanh(x);
  }
}

}  // namespace nn::inline LOWRANK_PRECISION
