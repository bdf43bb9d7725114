#include "autograd/op_helpers.h"
#include "autograd/ops.h"

namespace autograd::inline LOWRANK_PRECISION {

// y = s Σ x, over everything, over the columns of each row, or over the rows of each column; s is 1
// for a sum and 1/n for a mean of n.       dx += s dy, repeated along what was summed
// Summed in double: a float sum of a million equal numbers is 1 % off.
struct Sum final : Op {
  Over over;
  double s;
  const char* op_name;
  Sum(Over what, double factor, const char* sum_or_mean)
      : over(what), s(factor), op_name(sum_or_mean) {}
  const char* name() const override { return op_name; }
  void forward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    switch (over) {
      case Over::all:
        ctx.out()(0, 0) = static_cast<Scalar>(s * x.cast<double>().sum());
        break;
      case Over::each_row:
        ctx.out() = (s * x.cast<double>().rowwise().sum()).cast<Scalar>();
        break;
      case Over::each_column:
        ctx.out() = (s * x.cast<double>().colwise().sum()).cast<Scalar>();
        break;
    }
  }
  void backward(Context& ctx) override {
    const Matrix dy = static_cast<Scalar>(s) * ctx.dout();
    Gradient dx = ctx.grad(0);
    if (!dx) return;
    switch (over) {
      case Over::all:
        dx += Matrix::Constant(dx.rows(), dx.cols(), dy(0, 0));
        break;
      case Over::each_row:
        dx += dy.replicate(1, dx.cols());
        break;
      case Over::each_column:
        dx += dy.replicate(dx.rows(), 1);
        break;
    }
  }
};

// Elements that one result sums, and the shape of all results.
static Index summed(Over over, const Matrix& x) {
  return over == Over::all ? x.size() : over == Over::each_row ? x.cols() : x.rows();
}
static Shape reduced(Over over, const Matrix& x) {
  return over == Over::all        ? Shape{1}
         : over == Over::each_row ? Shape{x.rows(), 1}
                                  : Shape{1, x.cols()};
}

Var sum(Var x, Over over) {
  return record(std::make_unique<Sum>(over, 1, "sum"), {x}, reduced(over, x.value().m));
}

Var mean(Var x, Over over) {
  const Index n = summed(over, x.value().m);
  check_shapes(n > 0, "mean", "wants at least one element", {x});
  const double s = 1 / static_cast<double>(n);
  return record(std::make_unique<Sum>(over, s, "mean"), {x}, reduced(over, x.value().m));
}

}  // namespace autograd::inline LOWRANK_PRECISION
