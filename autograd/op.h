#pragma once

#include "autograd/gradient.h"
#include "autograd/tensor.h"

namespace autograd::inline AUTOGRAD_PRECISION {

class Tape;
struct Node;

/// What one operation sees of the tape while it runs: its inputs, its result, and the gradients.
class Context {
 public:
  Context(Tape& tape, Node& node) : tape_(tape), node_(node) {}

  const Matrix& in(int i) const;       ///< value of input i; std::logic_error if handed on
  const Shape& in_shape(int i) const;  ///< its shape
  Matrix& out();                       ///< the result, likewise; not initialised before forward
  const Matrix& dout() const;          ///< gradient of the loss in the result, in backward

  /// The matrix to add input i's gradient to, or null where nothing trains under input i. Asking is
  /// the freeze check: a rule that adds only to what it was given cannot do frozen work.
  Matrix* grad_if_needed(int i);

  /// The same for a rule that adds exactly once to every element: what is added first is assigned,
  /// so that the memory need not be zeroed.
  Gradient sum_if_needed(int i);

  /// The same for a rule that may put an element of dx where it read that element of x: where this
  /// op is the last to read x, dx lies in x's own memory (Record::training). Take in(i) before.
  Gradient sum_in_place_if_needed(int i);

  /// A tensor that lives until the tape is cleared: what backward needs that is neither operand nor
  /// result, such as a layer norm's mean. Not initialised.
  Matrix& keep(Shape shape);

  /// A tensor that lives until this call of forward or backward returns. Not initialised.
  Matrix& scratch(Shape shape);

  bool trains(int i) const;  ///< does anything train at or under input i?

  /// Adds to the tape's count of floating-point operations in matrix products.
  void count_flops(double flops);

 private:
  const Node& input(int i) const;

  Tape& tape_;
  Node& node_;
};

/// One operation: its forward beside its backward, and as fields what is neither operand nor
/// result.
///
/// backward adds to the gradient of each input the vector-Jacobian product of dout, for the inputs
/// that want one. It must add, never assign: a value used twice receives two contributions.
struct Op {
  virtual ~Op() = default;
  virtual const char* name() const = 0;
  virtual void forward(Context& ctx) = 0;
  virtual void backward(Context& ctx) = 0;

  /// Whether backward reads the value of input i, and the result. A value that no backward reads
  /// need not outlast the forward pass (Tape::hand_on_unread). An op that does not say is taken to
  /// read all of them; one that says too little throws when its backward reads.
  virtual bool reads_in(const Context&, int /*i*/) const { return true; }
  virtual bool reads_out() const { return true; }
};

}  // namespace autograd::inline AUTOGRAD_PRECISION
