// The inputs of a case as leaves of a tape, and what flows back to them.
#pragma once

#include <string>
#include <vector>

#include "autograd/tape.h"
#include "probes/protocol.h"

namespace course {

using autograd::Parameter;
using autograd::Shape;
using autograd::Tape;
using autograd::TapeMode;
using autograd::Tensor;
using autograd::Var;

inline Tensor tensor_of(const Matrix& m, const Shape& shape) {
  Tensor t(shape);
  t.m = m;
  return t;
}
inline Tensor tensor_of(const Matrix& m) { return tensor_of(m, {m.rows(), m.cols()}); }

inline void write_gradient(const std::string& name, const Tensor& grad) {
  if (grad.empty())
    write(name, "none");
  else
    write(name, grad.m);
}

/// The backward of y's op alone, without the tape's loop, where dy arrives at y.
inline void backward_of(const Var& y, const Matrix& dy) {
  auto& node = const_cast<autograd::Node&>(y.tape->node(y.id));
  Tensor arriving = tensor_of(dy, node.shape);
  node.grad = &arriving;
  autograd::Context ctx(*y.tape, node, autograd::Context::During::backward);
  node.op->backward(ctx);
  node.grad = nullptr;
}

/// The tensors of these names, on a tape. NAME_so_far is a gradient that is there already, and
/// "trains" says which of them train. Memory that nobody wrote to holds NaN.
struct Leaves {
  Tape tape;
  std::vector<Parameter> parameters;
  std::vector<Var> vars;

  Leaves(const Case& c, const std::vector<std::string>& names, TapeMode mode)
      : tape(mode, autograd::Fresh::nan) {
    parameters.reserve(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      Parameter& p = parameters.emplace_back(names[i], tensor_of(c.tensor(names[i])));
      const std::string so_far = names[i] + "_so_far";
      if (c.has(so_far)) p.grad = tensor_of(c.tensor(so_far));
      p.trainable = !c.ints.contains("trains") || c.ints.at("trains").at(i) != 0;
      vars.push_back(tape.parameter(p));
    }
  }

  /// Of each name, also where a result of another op has taken the place of the leaf in `vars`.
  void write_gradients() const {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const autograd::Node& node = tape.node(vars[i].id);
      const Tensor* grad = node.parameter ? &node.parameter->grad : node.grad;
      write_gradient("d" + parameters[i].name, grad ? *grad : Tensor());
    }
  }
};

}  // namespace course
