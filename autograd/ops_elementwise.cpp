#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

// Operations on elements that stand at the same place.

namespace autograd::inline LOWRANK_PRECISION {

// y = x ∘ z                     dx += dy ∘ z         dz += dy ∘ x
struct Multiply final : Op {
  const char* name() const override { return "multiply"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.save_input(1);
    ctx.out() = ctx.in(0).cwiseProduct(ctx.in(1));
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().cwiseProduct(ctx.in(1));
    if (Gradient dz = ctx.grad(1)) dz += ctx.dout().cwiseProduct(ctx.in(0));
  }
};

// y = x + z                     dx += dy             dz += dy
struct Add final : Op {
  const char* name() const override { return "add"; }
  void forward(Context& ctx) override { kernels::sum(ctx.in(0), ctx.in(1), ctx.out()); }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) kernels::add(ctx.dout(), dx);
    if (Gradient dz = ctx.grad(1)) kernels::add(ctx.dout(), dz);
  }
};

// y = x - z                     dx += dy             dz -= dy
struct Subtract final : Op {
  const char* name() const override { return "subtract"; }
  void forward(Context& ctx) override { ctx.out() = ctx.in(0) - ctx.in(1); }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout();
    if (Gradient dz = ctx.grad(1)) dz -= ctx.dout();
  }
};

// y = x / z                     dx += dy / z         dz -= dy ∘ y / z
struct Divide final : Op {
  const char* name() const override { return "divide"; }
  void forward(Context& ctx) override {
    ctx.save_input(1);
    ctx.save_result();
    ctx.out() = ctx.in(0).cwiseQuotient(ctx.in(1));
  }
  void backward(Context& ctx) override {
    const Matrix &z = ctx.in(1), &y = ctx.out(), &dy = ctx.dout();
    if (Gradient dx = ctx.grad(0)) dx += dy.cwiseQuotient(z);
    if (Gradient dz = ctx.grad(1)) dz -= dy.cwiseProduct(y).cwiseQuotient(z);
  }
};

template <class OpType>
static Var elementwise(Var x, Var z) {
  auto op = std::make_unique<OpType>();
  check_shapes(x.shape() == z.shape(), op->name(), "wants equal shapes", {x, z});
  return record(std::move(op), {x, z}, x.shape());
}

Var add(Var x, Var z) { return elementwise<Add>(x, z); }
Var subtract(Var x, Var z) { return elementwise<Subtract>(x, z); }
Var multiply(Var x, Var z) { return elementwise<Multiply>(x, z); }
Var divide(Var x, Var z) { return elementwise<Divide>(x, z); }

// y = s x                       dx += s dy
struct Scale final : Op {
  Scalar s;
  explicit Scale(Scalar factor) : s(factor) {}
  const char* name() const override { return "scale"; }
  void forward(Context& ctx) override { ctx.out() = s * ctx.in(0); }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += s * ctx.dout();
  }
};

Var scale(Var x, double s) {
  return record(std::make_unique<Scale>(static_cast<Scalar>(s)), {x}, x.shape());
}

// y = -x                        dx -= dy
struct Negate final : Op {
  const char* name() const override { return "negate"; }
  void forward(Context& ctx) override { ctx.out() = -ctx.in(0); }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx -= ctx.dout();
  }
};

Var negate(Var x) { return record(std::make_unique<Negate>(), {x}, x.shape()); }

// y_i = x_i + row               dx += dy             drow += Σ_i dy_i
struct AddRow final : Op {
  const char* name() const override { return "add_row"; }
  void forward(Context& ctx) override {
    ctx.out() = ctx.in(0).rowwise() + as_row(ctx.in(1)).row(0);
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout();
    if (Gradient drow = ctx.grad(1)) kernels::add_column_sums(ctx.dout(), drow);
  }
};

// y_i = x_i ∘ row               dx_i += dy_i ∘ row   drow += Σ_i dy_i ∘ x_i
struct MultiplyRow final : Op {
  const char* name() const override { return "multiply_row"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.save_input(1);
    ctx.out() = ctx.in(0).array().rowwise() * as_row(ctx.in(1)).row(0).array();
  }
  void backward(Context& ctx) override {
    const Matrix &x = ctx.in(0), &row = ctx.in(1), &dy = ctx.dout();
    if (Gradient dx = ctx.grad(0)) dx += dy.array().rowwise() * as_row(row).row(0).array();
    if (Gradient drow = ctx.grad(1)) {
      Matrix& dy_x = ctx.scratch(ctx.in_shape(0));
      dy_x = dy.cwiseProduct(x);
      kernels::add_column_sums(dy_x, drow);
    }
  }
};

template <class OpType>
static Var with_row(Var x, Var row) {
  auto op = std::make_unique<OpType>();
  check_shapes(row.value().size() == x.value().cols(), op->name(), "wants (..,N) and (N)",
               {x, row});
  return record(std::move(op), {x, row}, x.shape());
}

Var add_row(Var x, Var row) { return with_row<AddRow>(x, row); }
Var multiply_row(Var x, Var row) { return with_row<MultiplyRow>(x, row); }

}  // namespace autograd::inline LOWRANK_PRECISION
