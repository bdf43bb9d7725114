#include <fmt/format.h>

#include <algorithm>

#include "autograd/tape.h"

// What an op sees of the tape: op.h.
namespace autograd::inline LOWRANK_PRECISION {

const Node& Context::input(int i) const {
  return tape_.node(node_.inputs.at(static_cast<std::size_t>(i)));
}

// A backward computes with the values that forward saw, or its gradient belongs to no function.
static void check_unchanged(const char* op, const Node& leaf) {
  if (leaf.parameter->version != leaf.version)
    throw std::logic_error(fmt::format(
        "the backward of {} reads {}, which was changed after the forward: its version is {}, "
        "not {}",
        op, leaf.parameter->name, leaf.parameter->version, leaf.version));
#ifndef NDEBUG
  if (checksum(*leaf.value) != leaf.checksum)
    throw std::logic_error(
        fmt::format("the backward of {} reads {}, which was changed after the forward, by a write "
                    "that did not raise its version",
                    op, leaf.parameter->name));
#endif
}

const Matrix& Context::in(int i) const {
  if (during_ == During::backward) {
    if (!node_.saved_inputs.test(static_cast<std::size_t>(i)))
      throw std::logic_error(
          fmt::format("{} reads its input {}, which its forward did not save", node_.op_name, i));
    if (input(i).parameter) check_unchanged(node_.op_name, input(i));
  }
  const Tensor* value = input(i).value;
  if (!value)
    throw std::logic_error(
        fmt::format("{} reads its input {} after the gradient took its memory", node_.op_name, i));
  return value->m;
}

Matrix& Context::out() {
  if (during_ == During::backward && !node_.saved_result)
    throw std::logic_error(
        fmt::format("{} reads its result, which its forward did not save", node_.op_name));
  return node_.value->m;
}

const Shape& Context::in_shape(int i) const { return input(i).shape; }

bool Context::needs_grad(int i) const { return input(i).needs_grad; }

Matrix& Context::scratch(Shape shape) { return tape_.scratch_.emplace_back(tape_.take(shape))->m; }

void Context::save_input(int i) { node_.saved_inputs.set(static_cast<std::size_t>(i)); }

void Context::save_result() { node_.saved_result = true; }

Matrix& Context::keep(Shape shape) { return node_.kept.emplace_back(tape_.take(shape))->m; }

void Context::save_input_for_overwriting(int i) {
  save_input(i);
  node_.overwritten_input = i;
}

const Matrix& Context::dout() const { return node_.grad->m; }

Gradient Context::grad(int i) {
  const NodeId id = node_.inputs.at(static_cast<std::size_t>(i));
  Gradient dx = tape_.gradient(id, node_.overwritten_input == i);
  // An input that is there twice receives two sums, perhaps side by side: both are added.
  if (dx && std::count(node_.inputs.begin(), node_.inputs.end(), id) > 1) dx.zeroed();
  return dx;
}

void Context::matmul_nn(kernels::In a, kernels::In b, kernels::Out c) {
  count_flops(kernels::matmul_nn(a, b, c));
}
void Context::matmul_nt(kernels::In a, kernels::In b, kernels::Out c) {
  count_flops(kernels::matmul_nt(a, b, c));
}
void Context::matmul_tn(kernels::In a, kernels::In b, kernels::Out c) {
  count_flops(kernels::matmul_tn(a, b, c));
}
void Context::affine(kernels::In x, kernels::In w, kernels::In row, kernels::Out y) {
  count_flops(kernels::affine(x, w, row, y));
}
void Context::sum_matmul_nt(kernels::In c0, kernels::In a, kernels::In b, kernels::Out c) {
  count_flops(kernels::sum_matmul_nt(c0, a, b, c));
}
void Context::add_matmul_nn(kernels::In a, kernels::In b, Gradient c) {
  count_flops(kernels::add_matmul_nn(a, b, c));
}
void Context::add_matmul_nt(kernels::In a, kernels::In b, Gradient c) {
  count_flops(kernels::add_matmul_nt(a, b, c));
}
void Context::add_matmul_tn(kernels::In a, kernels::In b, Gradient c) {
  count_flops(kernels::add_matmul_tn(a, b, c));
}

void Context::count_flops(double flops) { tape_.gemm_flops_ += flops; }

}  // namespace autograd::inline LOWRANK_PRECISION
