#include "autograd/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace autograd::inline AUTOGRAD_PRECISION {

const Tensor& Var::value() const {
  if (!tape) throw std::logic_error("this Var is on no tape");
  const Tensor* value = tape->node_of(*this, "value()").value;
  if (!value) throw std::logic_error(fmt::format("the value of node {} was handed on", id));
  return *value;
}

const Tensor& Var::grad() const {
  if (!tape) throw std::logic_error("this Var is on no tape");
  const Tensor* grad = tape->node_of(*this, "grad()").grad;
  if (!grad) throw std::logic_error(fmt::format("node {} has no gradient", id));
  return *grad;
}

// The node that a Var stands for, where it stands for one of this tape as it is now.
const Node& Tape::node_of(const Var& var, const char* asking) const {
  if (var.tape != this)
    throw std::logic_error(fmt::format("{}: an input is on another tape", asking));
  if (var.recording != recording_)
    throw std::logic_error(fmt::format("{}: a Var is from before the tape was cleared", asking));
  return node(var.id);
}

Var Tape::parameter(Parameter& p) {
  const auto [leaf, is_new] = leaves_.try_emplace(&p, size());
  if (is_new) {
    Node& node = nodes_.emplace_back();
    node.op_name = "parameter";
    node.value = &p.value;
    node.needs_grad = p.trainable && record_ != Record::values;
    node.parameter = &p;
    node.shape = p.value.shape;
  }
  return {this, leaf->second, recording_};
}

Var Tape::constant(const Tensor& value) {
  Tensor* copy = pool_.take(value.shape);
  copy->m = value.m;
  Node& node = nodes_.emplace_back();
  node.op_name = "constant";
  node.value = copy;
  node.shape = value.shape;
  return {this, size() - 1, recording_};
}

Var Tape::record(std::unique_ptr<Op> op, std::span<const Var> inputs, Shape shape) {
  for (const Var& input : inputs)  // throws before anything changes
    if (!node_of(input, op->name()).value)
      throw std::logic_error(
          fmt::format("{}: the value of node {} was handed on", op->name(), input.id));
  Node& node = nodes_.emplace_back();
  const Var result{this, size() - 1, recording_};
  node.op_name = op->name();
  for (const Var& input : inputs) {
    node.inputs.push_back(input.id);
    node.needs_grad |= this->node(input.id).needs_grad;
  }
  node.value = pool_.take(shape);
  node.shape = shape;

  Context ctx(*this, node);
  op->forward(ctx);
  for (Tensor* t : scratch_) pool_.give_back(t);
  scratch_.clear();

  if (node.needs_grad) {
    node.op = std::move(op);
    node.readers += node.op->reads_out();
    int i = 0;
    for (const Var& input : inputs)
      nodes_[static_cast<std::size_t>(input.id)].readers += node.op->reads_in(ctx, i++);
  } else {
    for (Tensor* t : node.kept) pool_.give_back(t);
    node.kept.clear();
  }
  return result;
}

void Tape::hand_on_unread(NodeId first, const Var& result) {
  node_of(result, "hand_on_unread");
  if (record_ == Record::everything) return;
  for (NodeId id = first; id < size(); ++id) {
    Node& node = nodes_[static_cast<std::size_t>(id)];
    const bool is_leaf = node.inputs.empty();
    if (is_leaf || id == result.id || node.readers > 0 || !node.value) continue;
    pool_.give_back(std::exchange(node.value, nullptr));
  }
}

void Tape::backward(Var loss) {
  if (loss.value().size() != 1)
    throw ShapeError(
        fmt::format("backward wants a loss of one element, the shape is {}", loss.shape().str()));
  Tensor one(loss.shape());
  one.m.setOnes();
  backward(loss, one);
}

void Tape::backward(Var output, const Tensor& cotangent) {
  if (output.tape != this) throw std::logic_error("backward: the output is on another tape");
  if (backward_done_)
    throw std::logic_error(
        "backward already ran on this tape and spent it: clear() it and record the step again");
  if (!(cotangent.shape == output.shape()))
    throw ShapeError(fmt::format("backward: the output is {} and the cotangent {}",
                                 output.shape().str(), cotangent.shape.str()));
  if (!node(output.id).needs_grad)
    throw std::logic_error("backward: nothing trains under this output");
  backward_done_ = true;

  grad_of(output.id)->m += cotangent.m;
  for (NodeId id = output.id; id >= 0; --id) {
    Node& node = nodes_[static_cast<std::size_t>(id)];
    if (!node.op || !node.grad) continue;
    Context ctx(*this, node);
    node.op->backward(ctx);
    for (Tensor* t : scratch_) pool_.give_back(t);
    scratch_.clear();
    if (record_ == Record::training && id != output.id) hand_on(node);
  }
}

void Tape::clear() {
  for (Node& node : nodes_) {
    if (node.parameter) continue;
    if (node.value) pool_.give_back(node.value);
    if (node.grad) pool_.give_back(node.grad);
    for (Tensor* t : node.kept) pool_.give_back(t);
  }
  nodes_.clear();
  leaves_.clear();
  gemm_flops_ = 0;
  backward_done_ = false;
  ++recording_;
}

Stats Tape::stats() const {
  Stats stats;
  stats.nodes = size();
  stats.gemm_flops = gemm_flops_;
  stats.bytes.activations = pool_.bytes();
  for (const Node& node : nodes_) {
    stats.ops += node.op != nullptr;
    if (!node.parameter) continue;
    (node.parameter->trainable ? stats.bytes.trainable : stats.bytes.frozen) += node.value->bytes();
    stats.bytes.gradients += node.parameter->grad.bytes();
  }
  return stats;
}

// The gradient of a node, zero when it is asked for the first time; null where none is needed.
Tensor* Tape::grad_of(NodeId id) {
  Node& node = nodes_[static_cast<std::size_t>(id)];
  if (!node.needs_grad) return nullptr;
  if (node.grad) return node.grad;
  if (node.parameter) {
    node.grad = &node.parameter->grad;
    if (node.grad->empty()) *node.grad = Tensor(node.shape);
  } else {
    node.grad = pool_.take(node.shape);
    node.grad->m.setZero();
  }
  return node.grad;
}

// The same without the zeros, where there is no gradient yet.
Gradient Tape::sum_of(NodeId id) {
  Node& node = nodes_[static_cast<std::size_t>(id)];
  const bool first = node.needs_grad && !node.grad && !node.parameter;
  if (first) node.grad = pool_.take(node.shape);
  Tensor* grad = grad_of(id);
  return {grad ? &grad->m : nullptr, first};
}

// A first gradient in the memory of the value, where that is read for the last time; else null.
Tensor* Tape::grad_in_place_of(NodeId id) {
  Node& node = nodes_[static_cast<std::size_t>(id)];
  const bool is_leaf = node.inputs.empty();
  const bool last = node.needs_grad && !node.grad && !is_leaf && node.readers == 1;
  if (record_ != Record::training || !last) return nullptr;
  return node.grad = std::exchange(node.value, nullptr);
}

// Every user of this node ran its backward before: nobody will read its value or gradient again.
void Tape::hand_on(Node& node) {
  if (node.value) pool_.give_back(node.value);
  pool_.give_back(node.grad);
  for (Tensor* t : node.kept) pool_.give_back(t);
  node.value = node.grad = nullptr;
  node.kept.clear();
}

const Node& Context::input(int i) const {
  return tape_.node(node_.inputs.at(static_cast<std::size_t>(i)));
}

const Matrix& Context::in(int i) const {
  if (!input(i).value)
    throw std::logic_error(
        fmt::format("{} reads its input {}, which was handed on", node_.op_name, i));
  return input(i).value->m;
}

const Shape& Context::in_shape(int i) const { return input(i).shape; }

bool Context::trains(int i) const { return input(i).needs_grad; }

Matrix& Context::out() {
  if (!node_.value)
    throw std::logic_error(fmt::format("{} reads its result, which was handed on", node_.op_name));
  return node_.value->m;
}

const Matrix& Context::dout() const { return node_.grad->m; }

Matrix* Context::grad_if_needed(int i) {
  Tensor* grad = tape_.grad_of(node_.inputs.at(static_cast<std::size_t>(i)));
  return grad ? &grad->m : nullptr;
}

Gradient Context::sum_if_needed(int i) {
  const NodeId id = node_.inputs.at(static_cast<std::size_t>(i));
  // An input that is there twice receives two sums, perhaps at the same time.
  if (std::count(node_.inputs.begin(), node_.inputs.end(), id) > 1) return {grad_if_needed(i)};
  return tape_.sum_of(id);
}

Gradient Context::sum_in_place_if_needed(int i) {
  Tensor* grad = tape_.grad_in_place_of(node_.inputs.at(static_cast<std::size_t>(i)));
  return grad ? Gradient{&grad->m, true} : sum_if_needed(i);
}

Matrix& Context::keep(Shape shape) { return node_.kept.emplace_back(tape_.pool_.take(shape))->m; }

Matrix& Context::scratch(Shape shape) {
  return tape_.scratch_.emplace_back(tape_.pool_.take(shape))->m;
}

void Context::count_flops(double flops) { tape_.gemm_flops_ += flops; }

}  // namespace autograd::inline AUTOGRAD_PRECISION
