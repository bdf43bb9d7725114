#include "autograd/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace autograd::inline LOWRANK_PRECISION {

void Parameter::zero_grad() {
  if (!grad.empty()) spare = std::exchange(grad, Tensor());
}

Tensor& Parameter::fresh_grad() {
  const bool fits = !spare.empty() && spare.shape == value.shape;
  grad = fits ? std::exchange(spare, Tensor()) : Tensor(value.shape);
  return grad;
}

Tensor& Parameter::grad_to_add() {
  if (grad.empty()) fresh_grad().m.setZero();
  return grad;
}

const Tensor& Var::value() const {
  if (!tape) throw std::logic_error("this Var is on no tape");
  const Tensor* value = tape->node_of(*this, "value()").value;
  if (!value) throw std::logic_error(fmt::format("the value of node {} was released", id));
  return *value;
}

const Tensor& Var::grad() const {
  if (!tape) throw std::logic_error("this Var is on no tape");
  const Tensor* grad = tape->node_of(*this, "grad()").grad;
  if (!grad || grad->empty()) throw std::logic_error(fmt::format("node {} has no gradient", id));
  return *grad;
}

Shape Var::shape() const {
  if (!tape) throw std::logic_error("this Var is on no tape");
  return tape->node_of(*this, "shape()").shape;
}

// The node that a Var stands for, where it stands for one of this tape as it is now.
const Node& Tape::node_of(const Var& var, const char* asking) const {
  if (var.tape != this)
    throw std::logic_error(fmt::format("{}: an input is on another tape", asking));
  if (var.generation != generation_)
    throw std::logic_error(fmt::format("{}: a Var is from before the tape was cleared", asking));
  return node(var.id);
}

Var Tape::parameter(Parameter& p) {
  Tensor& value = p.full();
  const auto [leaf, is_new] = leaves_.try_emplace(&p, size());
  if (is_new) {
    Node& node = nodes_.emplace_back();
    node.op_name = "parameter";
    node.value = &value;
    node.needs_grad = p.trainable && mode_ != TapeMode::values;
    node.parameter = &p;
    node.shape = p.value.shape;
    node.version = p.version;
#ifndef NDEBUG
    if (mode_ != TapeMode::values) node.checksum = checksum(p.value);
#endif
  }
  return {this, leaf->second, generation_};
}

Var Tape::constant(const Tensor& value) {
  Tensor* copy = take(value.shape);
  copy->m = value.m;
  Node& node = nodes_.emplace_back();
  node.op_name = "constant";
  node.value = copy;
  node.shape = value.shape;
  return {this, size() - 1, generation_};
}

Var Tape::record(std::unique_ptr<Op> op, std::span<const Var> inputs, Shape shape) {
  Node node;
  node.op_name = op->name();
  node.shape = shape;
  for (const Var& input : inputs) {
    const Node& from = node_of(input, op->name());
    if (!from.value)
      throw std::logic_error(
          fmt::format("{}: the value of node {} was released", op->name(), input.id));
    node.inputs.push_back(input.id);
    node.needs_grad |= from.needs_grad;
  }

  node.value = take(shape);
  Context ctx(*this, node, Context::During::forward);
  try {
    op->forward(ctx);
  } catch (...) {
    release_scratch();
    release(node);
    throw;
  }
  release_scratch();

  if (node.needs_grad) {
    node.op = std::move(op);
    node.saved_by += node.saved_result;
    for (std::size_t i = 0; i < node.inputs.size() && i < node.saved_inputs.size(); ++i)
      at(node.inputs[i]).saved_by += node.saved_inputs[i];
  } else {
    for (Tensor* t : node.kept) pool_.give_back(t);
    node.kept.clear();
  }
  nodes_.push_back(std::move(node));
  return {this, size() - 1, generation_};
}

void Tape::release_unsaved(NodeId first, const Var& result) {
  node_of(result, "release_unsaved");
  if (first < 0 || first > size())
    throw std::logic_error(fmt::format("release_unsaved: no node {} among {}", first, size()));
  if (mode_ == TapeMode::everything) return;
  for (NodeId id = first; id < size(); ++id) {
    Node& node = at(id);
    const bool is_leaf = node.inputs.empty();
    if (is_leaf || id == result.id || node.saved_by > 0 || !node.value) continue;
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
  if (mode_ == TapeMode::values)
    throw std::logic_error("backward: this tape records values only, so no gradient can flow");
  if (!node(output.id).needs_grad)
    throw std::logic_error("backward: nothing trains under this output");
  backward_done_ = true;

  gradient(output.id, false) += cotangent.m;
  for (NodeId id = output.id; id >= 0; --id) {
    Node& node = at(id);
    if (!node.op || !node.grad) continue;
    Context ctx(*this, node, Context::During::backward);
    node.op->backward(ctx);
    release_scratch();
    if (mode_ == TapeMode::training && id != output.id) release(node);
  }
}

void Tape::clear() {
  for (Node& node : nodes_)
    if (!node.parameter) release(node);
  pool_.next_step();
  nodes_.clear();
  leaves_.clear();
  gemm_flops_ = 0;
  backward_done_ = false;
  ++generation_;
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
    stats.bytes.gradients += node.parameter->grad.bytes() + node.parameter->spare.bytes();
  }
  return stats;
}

Tensor* Tape::take(const Shape& shape) {
  Tensor* tensor = pool_.take(shape);
  if (fresh_ == Fresh::nan) tensor->m.setConstant(std::numeric_limits<Scalar>::quiet_NaN());
  return tensor;
}

// Where the gradient of a node is summed; nothing where none is needed. It is fresh at first. It
// may lie in the memory of the value where that is read for the last time by the op that asks.
Gradient Tape::gradient(NodeId id, bool may_overwrite_value) {
  Node& node = at(id);
  if (!node.needs_grad) return {};
  if (node.grad) return {node.grad->m, false};

  if (node.parameter) {
    node.grad = &node.parameter->grad;
    if (!node.grad->empty()) return {node.grad->m, false};
    node.parameter->fresh_grad();
    if (fresh_ == Fresh::nan) node.grad->m.setConstant(std::numeric_limits<Scalar>::quiet_NaN());
  } else if (may_overwrite_value && mode_ == TapeMode::training && !node.inputs.empty() &&
             node.saved_by == 1) {
    node.grad = std::exchange(node.value, nullptr);
  } else {
    node.grad = take(node.shape);
  }
  return {node.grad->m, true};
}

// Of a node that nobody will read again: in backward, every user of it ran before.
void Tape::release(Node& node) {
  if (node.value) pool_.give_back(node.value);
  if (node.grad) pool_.give_back(node.grad);
  for (Tensor* t : node.kept) pool_.give_back(t);
  node.value = node.grad = nullptr;
  node.kept.clear();
}

void Tape::release_scratch() {
  for (Tensor* t : scratch_) pool_.give_back(t);
  scratch_.clear();
}

}  // namespace autograd::inline LOWRANK_PRECISION
