#include <algorithm>

#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

// Operations that move elements. Each backward sends a gradient back to where its value came from.

namespace autograd::inline LOWRANK_PRECISION {

// The same elements in row-major order
struct Reshape final : Op {
  const char* name() const override { return "reshape"; }
  void forward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    std::copy(x.data(), x.data() + x.size(), ctx.out().data());
  }
  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient dx = ctx.grad(0))
      kernels::add(Eigen::Map<const Matrix>(dy.data(), dx.rows(), dx.cols()), dx);
  }
};

Var reshape(Var x, Shape shape) {
  if (shape.size() != x.value().size())
    throw ShapeError(fmt::format("reshape: {} has {} elements and {} has {}", x.shape().str(),
                                 x.value().size(), shape.str(), shape.size()));
  return record(std::make_unique<Reshape>(), {x}, shape);
}

// y = the block of x whose first element is (row, col)        dx's block += dy
struct Slice final : Op {
  Index row, col;
  Slice(Index first_row, Index first_col) : row(first_row), col(first_col) {}
  const char* name() const override { return "slice"; }
  void forward(Context& ctx) override {
    Matrix& y = ctx.out();
    y = ctx.in(0).block(row, col, y.rows(), y.cols());
  }
  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient dx = ctx.grad(0)) dx.zeroed().block(row, col, dy.rows(), dy.cols()) += dy;
  }
};

static void check_range(const char* op, Index begin, Index count, Index size) {
  if (begin < 0 || count < 0 || begin > size - count)
    throw ShapeError(fmt::format("{}: {}..{} is not within 0..{}", op, begin, begin + count, size));
}

Var slice_rows(Var x, Index begin, Index count) {
  check_range("slice_rows", begin, count, x.value().rows());
  return record(std::make_unique<Slice>(begin, 0), {x}, Shape{count, x.value().cols()});
}

Var slice_cols(Var x, Index begin, Index count) {
  check_range("slice_cols", begin, count, x.value().cols());
  return record(std::make_unique<Slice>(0, begin), {x}, Shape{x.value().rows(), count});
}

// y = the inputs one under the other, or side by side         each dx += its block of dy
struct Concat final : Op {
  int parts;
  bool down;
  Concat(std::size_t count, bool one_under_the_other)
      : parts(static_cast<int>(count)), down(one_under_the_other) {}
  const char* name() const override { return "concat"; }
  void forward(Context& ctx) override {
    Index at = 0;
    for (int i = 0; i < parts; ++i) {
      const Matrix& x = ctx.in(i);
      ctx.out().block(down ? at : 0, down ? 0 : at, x.rows(), x.cols()) = x;
      at += down ? x.rows() : x.cols();
    }
  }
  void backward(Context& ctx) override {
    Index at = 0;
    for (int i = 0; i < parts; ++i) {
      const Index rows = ctx.in_shape(i).rows(), cols = ctx.in_shape(i).cols();
      if (Gradient dx = ctx.grad(i))
        dx += ctx.dout().block(down ? at : 0, down ? 0 : at, rows, cols);
      at += down ? rows : cols;
    }
  }
};

static Var concat(std::span<const Var> parts, bool down) {
  const char* name = down ? "concat_rows" : "concat_cols";
  if (parts.empty()) throw ShapeError(fmt::format("{}: nothing to concatenate", name));
  const Matrix& first = parts.front().value().m;
  Index total = 0;
  for (const Var& part : parts) {
    const Matrix& x = part.value().m;
    check_shapes(down ? x.cols() == first.cols() : x.rows() == first.rows(), name,
                 down ? "wants equal columns" : "wants equal rows", {parts.front(), part});
    total += down ? x.rows() : x.cols();
  }
  const Shape shape = down ? Shape{total, first.cols()} : Shape{first.rows(), total};
  Tape& tape = *parts.front().tape;
  return tape.record(std::make_unique<Concat>(parts.size(), down), parts, shape);
}

Var concat_rows(std::span<const Var> parts) { return concat(parts, true); }
Var concat_cols(std::span<const Var> parts) { return concat(parts, false); }

static void check_ids(const char* op, std::span<const int> ids, Index size) {
  for (const int id : ids)
    if (id < 0 || id >= size)
      throw std::invalid_argument(fmt::format("{}: {} is not in 0..{}", op, id, size - 1));
}

// y_i = x row ids[i]                              dx row ids[i] += dy_i, for each i
struct TakeRows final : Op {
  std::vector<int> ids;
  explicit TakeRows(std::span<const int> rows) : ids(rows.begin(), rows.end()) {}
  const char* name() const override { return "take_rows"; }
  void forward(Context& ctx) override {
    for (std::size_t i = 0; i < ids.size(); ++i)
      ctx.out().row(static_cast<Index>(i)) = ctx.in(0).row(ids[i]);
  }
  void backward(Context& ctx) override {
    Gradient gradient = ctx.grad(0);
    if (!gradient) return;
    auto dx = gradient.zeroed();
    for (std::size_t i = 0; i < ids.size(); ++i)
      dx.row(ids[i]) += ctx.dout().row(static_cast<Index>(i));
  }
};

Var take_rows(Var x, std::span<const int> ids) {
  check_ids("take_rows", ids, x.value().rows());
  return record(std::make_unique<TakeRows>(ids), {x},
                Shape{static_cast<Index>(ids.size()), x.value().cols()});
}

// y_i = x(i, index[i])                            dx(i, index[i]) += dy_i
struct Gather final : Op {
  std::vector<int> index;
  explicit Gather(std::span<const int> columns) : index(columns.begin(), columns.end()) {}
  const char* name() const override { return "gather"; }
  void forward(Context& ctx) override {
    for (std::size_t i = 0; i < index.size(); ++i)
      ctx.out()(static_cast<Index>(i), 0) = ctx.in(0)(static_cast<Index>(i), index[i]);
  }
  void backward(Context& ctx) override {
    Gradient gradient = ctx.grad(0);
    if (!gradient) return;
    auto dx = gradient.zeroed();
    for (std::size_t i = 0; i < index.size(); ++i)
      dx(static_cast<Index>(i), index[i]) += ctx.dout()(static_cast<Index>(i), 0);
  }
};

Var gather(Var x, std::span<const int> index) {
  check_shapes(static_cast<Index>(index.size()) == x.value().rows(), "gather",
               "wants one index for each row", {x});
  check_ids("gather", index, x.value().cols());
  return record(std::make_unique<Gather>(index), {x}, Shape{x.value().rows(), 1});
}

}  // namespace autograd::inline LOWRANK_PRECISION
