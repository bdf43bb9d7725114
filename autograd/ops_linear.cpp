#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

// Matrix products. A change of a and b changes the loss by
//   <dy, δ(a b)> = <dy, δa b> + <dy, a δb> = <dy bᵀ, δa> + <aᵀ dy, δb>
// so da = dy bᵀ and db = aᵀ dy; the transposed forms are the same with the transposes moved.

namespace autograd::inline LOWRANK_PRECISION {

// y = a b                       da += dy bᵀ          db += aᵀ dy
struct Matmul final : Op {
  const char* name() const override { return "matmul"; }
  void forward(Context& ctx) override {
    if (ctx.needs_grad(0)) ctx.save_input(1);
    if (ctx.needs_grad(1)) ctx.save_input(0);
    ctx.matmul_nn(ctx.in(0), ctx.in(1), ctx.out());
  }
  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient da = ctx.grad(0)) ctx.add_matmul_nt(dy, ctx.in(1), da);
    if (Gradient db = ctx.grad(1)) ctx.add_matmul_tn(ctx.in(0), dy, db);
  }
};

Var matmul(Var a, Var b) {
  check_shapes(a.value().cols() == b.value().rows(), "matmul", "wants (M,K) and (K,N)", {a, b});
  return record(std::make_unique<Matmul>(), {a, b}, Shape{a.value().rows(), b.value().cols()});
}

// y = a bᵀ                      da += dy b           db += dyᵀ a
struct MatmulNT final : Op {
  const char* name() const override { return "matmul_nt"; }
  void forward(Context& ctx) override {
    if (ctx.needs_grad(0)) ctx.save_input(1);
    if (ctx.needs_grad(1)) ctx.save_input(0);
    ctx.matmul_nt(ctx.in(0), ctx.in(1), ctx.out());
  }
  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient da = ctx.grad(0)) ctx.add_matmul_nn(dy, ctx.in(1), da);
    if (Gradient db = ctx.grad(1)) ctx.add_matmul_tn(dy, ctx.in(0), db);
  }
};

// The shape of x with another last size.
static Shape with_cols(const Shape& x, Index cols) {
  std::vector<Index> sizes;
  for (int i = 0; i + 1 < x.rank(); ++i) sizes.push_back(x[i]);
  sizes.push_back(cols);
  return Shape(sizes);
}

Var matmul_nt(Var a, Var b) {
  check_shapes(a.value().cols() == b.value().cols(), "matmul_nt", "wants (..,K) and (N,K)", {a, b});
  return record(std::make_unique<MatmulNT>(), {a, b}, with_cols(a.shape(), b.value().rows()));
}

// y = c + a bᵀ                  dc += dy             da += dy b          db += dyᵀ a
struct AddMatmulNT final : Op {
  const char* name() const override { return "add_matmul_nt"; }
  void forward(Context& ctx) override {
    if (ctx.needs_grad(1)) ctx.save_input(2);
    if (ctx.needs_grad(2)) ctx.save_input(1);
    ctx.sum_matmul_nt(ctx.in(0), ctx.in(1), ctx.in(2), ctx.out());
  }
  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient dc = ctx.grad(0)) kernels::add(dy, dc);
    if (Gradient da = ctx.grad(1)) ctx.add_matmul_nn(dy, ctx.in(2), da);
    if (Gradient db = ctx.grad(2)) ctx.add_matmul_tn(dy, ctx.in(1), db);
  }
};

Var add_matmul_nt(Var c, Var a, Var b) {
  const Matrix &cm = c.value().m, &am = a.value().m, &bm = b.value().m;
  check_shapes(cm.rows() == am.rows() && cm.cols() == bm.rows() && am.cols() == bm.cols(),
               "add_matmul_nt", "wants (M,N), (M,K) and (N,K)", {c, a, b});
  return record(std::make_unique<AddMatmulNT>(), {c, a, b}, c.shape());
}

// y = aᵀ b                      da += b dyᵀ          db += a dy
struct MatmulTN final : Op {
  const char* name() const override { return "matmul_tn"; }
  void forward(Context& ctx) override {
    if (ctx.needs_grad(0)) ctx.save_input(1);
    if (ctx.needs_grad(1)) ctx.save_input(0);
    ctx.matmul_tn(ctx.in(0), ctx.in(1), ctx.out());
  }
  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient da = ctx.grad(0)) ctx.add_matmul_nt(ctx.in(1), dy, da);
    if (Gradient db = ctx.grad(1)) ctx.add_matmul_nn(ctx.in(0), dy, db);
  }
};

Var matmul_tn(Var a, Var b) {
  check_shapes(a.value().rows() == b.value().rows(), "matmul_tn", "wants (K,M) and (K,N)", {a, b});
  return record(std::make_unique<MatmulTN>(), {a, b}, Shape{a.value().cols(), b.value().cols()});
}

// y = x wᵀ + 1 bᵀ               dx += dy w           dw += dyᵀ x          db += column sums of dy
struct Affine final : Op {
  const char* name() const override { return "affine"; }
  void forward(Context& ctx) override {
    if (ctx.needs_grad(0)) ctx.save_input(1);
    if (ctx.needs_grad(1)) ctx.save_input(0);
    ctx.affine(ctx.in(0), ctx.in(1), as_row(ctx.in(2)), ctx.out());
  }
  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient dx = ctx.grad(0)) ctx.add_matmul_nn(dy, ctx.in(1), dx);
    if (Gradient dw = ctx.grad(1)) ctx.add_matmul_tn(dy, ctx.in(0), dw);
    if (Gradient db = ctx.grad(2)) kernels::add_column_sums(dy, db);
  }
};

Var affine(Var x, Var w, Var b) {
  check_shapes(x.value().cols() == w.value().cols() && b.value().size() == w.value().rows(),
               "affine", "wants (..,K), (N,K) and (N)", {x, w, b});
  return record(std::make_unique<Affine>(), {x, w, b}, with_cols(x.shape(), w.value().rows()));
}

// y = xᵀ                        dx += dyᵀ
struct Transpose final : Op {
  const char* name() const override { return "transpose"; }
  void forward(Context& ctx) override { ctx.out() = ctx.in(0).transpose(); }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().transpose();
  }
};

Var transpose(Var x) {
  return record(std::make_unique<Transpose>(), {x}, Shape{x.value().cols(), x.value().rows()});
}

}  // namespace autograd::inline LOWRANK_PRECISION
