#include "autograd/check_finite.h"

#include <fmt/format.h>

#include <cmath>
#include <deque>

namespace autograd::inline LOWRANK_PRECISION {

namespace {

bool finite(const Tensor* t) { return !t || t->m.allFinite(); }

// "nan at (1,2)": the first element of the folded matrix that is not finite
std::string first_bad(const Tensor& t) {
  for (Index i = 0; i < t.rows(); ++i)
    for (Index j = 0; j < t.cols(); ++j)
      if (!std::isfinite(t.m(i, j)))
        return fmt::format("{} at ({},{})",
                           std::isnan(t.m(i, j)) ? "nan"
                           : t.m(i, j) > 0       ? "inf"
                                                 : "-inf",
                           i, j);
  return "";
}

// "node 4 (matmul_nt)" or "node 2 (parameter w)"
std::string title(const Tape& tape, NodeId id) {
  const Node& node = tape.node(id);
  return fmt::format("node {} ({}{}{})", id, node.op_name, node.parameter ? " " : "",
                     node.parameter ? node.parameter->name : "");
}

// ", from node 0 (parameter w) (2,3), node 1 (constant) (3,4)"
std::string from_inputs(const Tape& tape, const Node& node) {
  std::string text;
  for (const NodeId id : node.inputs) {
    text += fmt::format("{} {} {}", text.empty() ? ", from" : ",", title(tape, id),
                        tape.node(id).shape.str());
  }
  return text;
}

void check_values(const Tape& tape) {
  for (NodeId id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (finite(node.value)) continue;
    throw NonFiniteError(fmt::format("the value of {} {} has {}{}", title(tape, id),
                                     node.value->shape.str(), first_bad(*node.value),
                                     from_inputs(tape, node)));
  }
}

// What this node's op alone sends back to each input, empty where it sends nothing. The gradients
// on the tape are sums over all users of a value and do not tell who spoiled them, so the op runs
// its backward once more, on leaves of its own.
std::deque<Parameter> sent_back(const Tape& tape, const Node& node) {
  std::deque<Parameter> leaves;
  Tape scratch;
  Node again;
  for (const NodeId id : node.inputs) {
    const Node& input = tape.node(id);
    leaves.push_back({"", *input.value, {}, input.needs_grad});
    again.inputs.push_back(scratch.parameter(leaves.back()).id);
  }
  again.value = node.value;
  again.grad = node.grad;
  again.saved_inputs = node.saved_inputs;
  again.saved_result = node.saved_result;
  Context ctx(scratch, again, Context::During::backward);
  node.op->backward(ctx);
  return leaves;
}

bool can_run_again(const Tape& tape, const Node& node) {
  if (!node.op || !node.value || !node.grad) return false;
  for (const NodeId id : node.inputs)
    if (!tape.node(id).value) return false;
  return true;
}

void check_gradients(const Tape& tape) {
  for (NodeId id = tape.size() - 1; id >= 0; --id) {
    const Node& node = tape.node(id);
    if (!can_run_again(tape, node) || !finite(node.grad)) continue;
    bool suspect = false;
    for (const NodeId input : node.inputs) suspect |= !finite(tape.node(input).grad);
    if (!suspect) continue;
    const std::deque<Parameter> leaves = sent_back(tape, node);
    for (std::size_t i = 0; i < leaves.size(); ++i)
      if (!finite(&leaves[i].grad))
        throw NonFiniteError(fmt::format("the backward of {} sends its input {} {} {}",
                                         title(tape, id), title(tape, node.inputs[i]),
                                         leaves[i].grad.shape.str(), first_bad(leaves[i].grad)) +
                             from_inputs(tape, node));
  }
  for (NodeId id = tape.size() - 1; id >= 0; --id) {
    const Node& node = tape.node(id);
    if (finite(node.grad)) continue;
    throw NonFiniteError(fmt::format(
        "the gradient of {} {} has {}, and no op that can still be asked made it: it was in the "
        "cotangent, or in the parameter before, or a sum overflowed, or memory was released "
        "(TapeMode::training)",
        title(tape, id), node.grad->shape.str(), first_bad(*node.grad)));
  }
}

}  // namespace

void check_finite(const Tape& tape) {
  check_values(tape);
  check_gradients(tape);
}

}  // namespace autograd::inline LOWRANK_PRECISION
