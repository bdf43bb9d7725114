#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autograd/op.h"
#include "autograd/pool.h"
#include "autograd/tensor.h"

namespace autograd::inline LOWRANK_PRECISION {

/// A tensor that outlives the tape: a weight. `grad` is empty until something flows back, and is
/// then added to by every backward until zero_grad().
struct Parameter {
  std::string name;
  Tensor value;
  Tensor grad = {};
  bool trainable = true;
  /// Raised by whoever changes value: a backward that reads another version than its forward did
  /// throws, as PyTorch's does. In Debug a checksum finds a write that did not raise it.
  long version = 0;
  Tensor spare = {};  ///< the memory of grad while that is empty, for the next one
  /// Of a frozen matrix: its 16-bit numbers (half.h) in the place of value, which is then empty.
  std::shared_ptr<const struct HalfMatrix> half = {};

  /// Gives value, and raises its version.
  void set(Tensor new_value) { value = std::move(new_value), half.reset(), ++version; }
  Tensor& full();  ///< value; throws std::logic_error where `half` stands in its place
  /// Makes grad empty, as PyTorch's zero_grad(set_to_none=True), but keeps its memory.
  void zero_grad();
  /// grad of value's shape to assign to, where it is empty: its elements are anything.
  Tensor& fresh_grad();
  /// grad to add to: zeros of value's shape where it was empty.
  Tensor& grad_to_add();
  /// Gives the memory of grad up: for a parameter that is frozen.
  void free_grad() { grad = spare = Tensor(); }
};

using NodeId = int;

/// A value on a tape, until the tape is cleared.
struct Var {
  Tape* tape = nullptr;
  NodeId id = -1;
  long generation = 0;  ///< of the tape's recordings: clear() starts another

  /// Both throw std::logic_error where there is none: the Var is from before a clear(), the value's
  /// memory was released, or nothing has flowed back.
  const Tensor& value() const;
  const Tensor& grad() const;
  Shape shape() const;  ///< also of a released value
};

/// One line of the tape: value = op(inputs).
struct Node {
  const char* op_name = "";  ///< "parameter" and "constant" for leaves
  std::vector<NodeId> inputs;
  Tensor* value = nullptr;  ///< owned by the tape's pool, or by the Parameter of a leaf
  Tensor* grad = nullptr;   ///< null until something flows back
  bool needs_grad = false;  ///< does anything train at or under this node?
  Parameter* parameter = nullptr;
  Shape shape;                ///< of value and grad, also where neither is there
  std::unique_ptr<Op> op;     ///< null for leaves, and where nothing trains
  std::vector<Tensor*> kept;  ///< Context::keep

  long version = 0;            ///< of the parameter, when its leaf was made
  std::uint64_t checksum = 0;  ///< of its value, in Debug

  // What op's forward said that its backward reads: Context::save_input and save_result.
  std::bitset<8> saved_inputs;
  bool saved_result = false;
  int overwritten_input = -1;  ///< the one whose value its gradient may overwrite
  int saved_by = 0;            ///< how many backward passes will read the value
};

/// What a tape is for.
enum class TapeMode {
  everything,  ///< values and gradients stay until clear(): for reading, dumping and debugging
  training,    ///< memory is released once nobody reads it again: the same numbers, less memory
  values,      ///< the same, forward only: nothing needs a gradient and no op is kept
};

/// What a tape's memory holds before anything is written to it. With NaN, an op that writes only a
/// part of its result or of a gradient spoils it for everyone to see, and not only where the memory
/// happens to hold something else: gradient checks and tests of ops use it.
enum class Fresh { unspecified, nan };

/// Counts of one recorded step.
struct Stats {
  int nodes = 0;
  int ops = 0;            ///< nodes that kept an op, those that backward will visit
  double gemm_flops = 0;  ///< in matrix products, forward and backward so far
  struct Bytes {
    Index frozen = 0, trainable = 0;  ///< parameters on this tape
    Index gradients = 0;              ///< of trainable parameters
    Index optimizer = 0;    ///< zero here: the optimizer adds its own (nn::Optimizer::bytes)
    Index activations = 0;  ///< every other tensor the tape owns, its spare ones included
  } bytes;
};

/// A Wengert list: operations in the order in which they ran. The backward pass walks it from the
/// end to the start. Nothing is global; a Var knows its tape.
class Tape {
 public:
  explicit Tape(TapeMode mode = TapeMode::everything, Fresh fresh = Fresh::unspecified)
      : mode_(mode), fresh_(fresh) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// The leaf of a parameter; the same leaf however often it is asked for. The parameter must
  /// outlive the tape or its next clear().
  Var parameter(Parameter& p);

  /// A leaf that needs no gradient. The value is copied.
  Var constant(const Tensor& value);

  /// Runs op on the inputs and appends the result, of the given shape. Throws std::logic_error
  /// where an input is on another tape or from before a clear(). On an error, also one that op's
  /// forward throws, nothing is appended.
  Var record(std::unique_ptr<Op> op, std::span<const Var> inputs, Shape shape);

  /// Says that the forward pass goes on from `result` alone of what was recorded since node
  /// `first`: the memory of the other values is released, but for those that a backward saved.
  /// Using one of them later throws std::logic_error. Does nothing on a tape of
  /// TapeMode::everything.
  void release_unsaved(NodeId first, const Var& result);

  /// Adds d loss / d p to every trainable parameter p under `loss`, which must have one element.
  /// Runs once: a second call throws std::logic_error.
  void backward(Var loss);

  /// The same for any output y and a cotangent u of its shape: adds Jᵀu.
  void backward(Var output, const Tensor& cotangent);

  /// Forgets the nodes and keeps their memory for the next step.
  void clear();

  int size() const { return static_cast<int>(nodes_.size()); }
  /// Until the next node is recorded.
  const Node& node(NodeId id) const { return nodes_.at(static_cast<std::size_t>(id)); }
  Stats stats() const;

  /// Tensors allocated since the tape was made. It stands still after the first step of a loop.
  long allocations() const { return pool_.allocations(); }

 private:
  friend class Context;
  friend struct Var;

  const Node& node_of(const Var& var, const char* asking) const;
  Node& at(NodeId id) { return nodes_[static_cast<std::size_t>(id)]; }
  Tensor* take(const Shape& shape);
  Gradient gradient(NodeId id, bool may_overwrite_value);
  void release(Node& node);
  void release_scratch();

  TapeMode mode_;
  Fresh fresh_;
  TensorPool pool_;
  std::vector<Node> nodes_;
  std::unordered_map<const Parameter*, NodeId> leaves_;
  std::vector<Tensor*> scratch_;
  double gemm_flops_ = 0;
  bool backward_done_ = false;
  long generation_ = 0;
};

}  // namespace autograd::inline LOWRANK_PRECISION
