#pragma once

#include "autograd/kernels.h"
#include "autograd/tensor.h"

namespace autograd::inline LOWRANK_PRECISION {

class Tape;
struct Node;

/// What one operation sees of the tape while it runs: its inputs, its result, and the gradients.
class Context {
 public:
  enum class During { forward, backward };
  Context(Tape& tape, Node& node, During during) : tape_(tape), node_(node), during_(during) {}

  // ---- in forward and backward ----

  /// The value of input i, and the result, not initialised before forward. In backward
  /// std::logic_error unless forward saved it, and where it is a parameter that changed since.
  const Matrix& in(int i) const;
  Matrix& out();

  const Shape& in_shape(int i) const;
  bool needs_grad(int i) const;  ///< does anything train at or under input i?

  /// A tensor that lives until this call of forward or backward returns. Not initialised.
  Matrix& scratch(Shape shape);

  // ---- in forward: what backward will read. Nothing is saved that is not asked for. ----

  void save_input(int i);
  void save_result();

  /// A tensor for what backward needs that is neither input nor result, such as a layer norm's
  /// mean. It lives as long as the node. Not initialised.
  Matrix& keep(Shape shape);

  /// As save_input, for a backward that reads element (i,j) for the last time when it writes dx's.
  /// The gradient may then lie in the memory of the value (TapeMode::training): take in(i) first.
  void save_input_for_overwriting(int i);

  // ---- in backward ----

  const Matrix& dout() const;  ///< gradient of the loss in the result

  /// What to add the gradient of input i to; false where nothing trains under it. To be asked for
  /// once for each input.
  Gradient grad(int i);

  // ---- matrix products, which the tape counts (see kernels.h) ----

  void matmul_nn(kernels::In a, kernels::In b, kernels::Out c);
  void matmul_nt(kernels::In a, kernels::In b, kernels::Out c);
  void matmul_tn(kernels::In a, kernels::In b, kernels::Out c);
  void affine(kernels::In x, kernels::In w, kernels::In row, kernels::Out y);
  void sum_matmul_nt(kernels::In c0, kernels::In a, kernels::In b, kernels::Out c);
  void add_matmul_nn(kernels::In a, kernels::In b, Gradient c);
  void add_matmul_nt(kernels::In a, kernels::In b, Gradient c);
  void add_matmul_tn(kernels::In a, kernels::In b, Gradient c);

  /// For an op whose products run side by side in threads: their floating-point operations.
  void count_flops(double flops);

 private:
  const Node& input(int i) const;

  Tape& tape_;
  Node& node_;
  During during_;
};

/// One operation: its forward beside its backward, and as fields what is neither input nor result.
///
/// backward adds to the gradient of each input the vector-Jacobian product of dout, for the inputs
/// that want one. It must add, never assign: a value used twice receives two contributions.
struct Op {
  virtual ~Op() = default;
  virtual const char* name() const = 0;
  virtual void forward(Context& ctx) = 0;
  virtual void backward(Context& ctx) = 0;
};

}  // namespace autograd::inline LOWRANK_PRECISION
