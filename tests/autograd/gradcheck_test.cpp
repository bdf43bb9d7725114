#include "autograd/gradcheck.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "autograd/random.h"

namespace gradcheck_test {

// Controls: operations with the mistakes people make, beside the right ones. The checker must tell
// them apart, or its word on the others is worth nothing.

using namespace autograd;

namespace {

// A copy of an op of the library whose backward is another.
template <class F>
struct Wrong final : Op {
  const char* op_name;
  int inputs;
  Matrix (*f)(const Context&);
  F vjp;
  Wrong(const char* name, std::size_t input_count, Matrix (*forward)(const Context&), F backward)
      : op_name(name), inputs(static_cast<int>(input_count)), f(forward), vjp(backward) {}
  const char* name() const override { return op_name; }
  void forward(Context& ctx) override {
    for (int i = 0; i < inputs; ++i) ctx.save_input(i);
    ctx.save_result();
    ctx.out() = f(ctx);
  }
  void backward(Context& ctx) override { vjp(ctx); }
};

// Records name(inputs) = f, with the given backward.
template <class F>
Var record(const char* name, std::span<const Var> x, Shape shape, Matrix (*f)(const Context&),
           F backward) {
  return x[0].tape->record(std::make_unique<Wrong<F>>(name, x.size(), f, backward), x, shape);
}

Matrix softmax_of(const Context& ctx) {
  Matrix y = ctx.in(0).array().exp();
  for (Index i = 0; i < y.rows(); ++i) y.row(i) /= y.row(i).sum();
  return y;
}

Matrix product_of(const Context& ctx) { return ctx.in(0).lazyProduct(ctx.in(1)); }

Matrix square_of(const Context& ctx) { return ctx.in(0).cwiseAbs2(); }

Matrix row_added(const Context& ctx) { return ctx.in(0).rowwise() + ctx.in(1).row(0); }

Tensor normal(Shape shape, const char* path = "x") { return Random(3, path).normal(shape, 1); }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The message must name the op, the input, the worst entry, and two different numbers.
void check_refused(const GradcheckResult& result, const std::string& ops, int input) {
  CAPTURE(result.message);
  CHECK_FALSE(result.ok);
  CHECK(contains(result.message, ops + ","));
  CHECK(contains(result.message, fmt::format("input {} (", input)));
  const std::size_t entry = result.message.find("the worst entry is (");
  REQUIRE(entry != std::string::npos);
  int row = -1, col = -1;
  double numeric = 0, gradient = 0;
  const int found = std::sscanf(result.message.c_str() + entry,
                                "the worst entry is (%d,%d): numeric %lf, gradient %lf", &row, &col,
                                &numeric, &gradient);
  CHECK(found == 4);
  CHECK(row >= 0);
  CHECK(col >= 0);
  CHECK(numeric != gradient);
}

}  // namespace

TEST_CASE("a softmax without its cross term") {
  const auto with_vjp = [](bool cross_term) {
    return [=](Tape&, std::span<const Var> x) {
      return record("softmax", x, x[0].shape(), softmax_of, [=](Context& ctx) {
        const Matrix &y = ctx.out(), &dy = ctx.dout();
        Gradient dx = ctx.grad(0);
        for (Index i = 0; i < y.rows(); ++i) {
          const Scalar dot = cross_term ? y.row(i).cwiseProduct(dy.row(i)).sum() : 0;
          dx.row(i) += y.row(i).array() * (dy.row(i).array() - dot);
        }
      });
    };
  };
  CHECK(gradcheck(with_vjp(true), {normal({3, 4})}).ok);
  check_refused(gradcheck(with_vjp(false), {normal({3, 4})}), "op softmax", 0);
}

TEST_CASE("a product whose backward forgot a transpose") {
  const auto with_vjp = [](bool transposed) {
    return [=](Tape&, std::span<const Var> x) {
      return record("matmul", x, x[0].shape(), product_of, [=](Context& ctx) {
        const Matrix &a = ctx.in(0), &b = ctx.in(1), &dy = ctx.dout();
        ctx.grad(0) += dy.lazyProduct(b.transpose());
        if (transposed) ctx.grad(1) += a.transpose().lazyProduct(dy);
        if (!transposed) ctx.grad(1) += a.lazyProduct(dy);
      });
    };
  };
  // Square, so that every shape agrees.
  const std::vector<Tensor> inputs{normal({3, 3}, "a"), normal({3, 3}, "b")};
  CHECK(gradcheck(with_vjp(true), inputs).ok);
  check_refused(gradcheck(with_vjp(false), inputs), "op matmul", 1);
}

TEST_CASE("an overwrite instead of an accumulate") {
  const auto diamond = [](bool adds) {
    return [=](Tape&, std::span<const Var> x) {
      const auto square = [=](Var v) {
        return record("square", std::span(&v, 1), v.shape(), square_of, [=](Context& ctx) {
          const Matrix dx = 2 * ctx.dout().cwiseProduct(ctx.in(0));
          if (adds) ctx.grad(0) += dx;
          if (!adds) ctx.grad(0).sum() = dx;
        });
      };
      return add(square(x[0]), scale(square(x[0]), 2));
    };
  };
  CHECK(gradcheck(diamond(true), {normal({2, 3})}).ok);
  check_refused(gradcheck(diamond(false), {normal({2, 3})}), "4 ops that end in add", 0);
  // A chain uses every value once and cannot tell the two apart: the diamond is what catches it.
  const auto chain = [](Tape&, std::span<const Var> x) {
    return record("square", x, x[0].shape(), square_of,
                  [](Context& ctx) { ctx.grad(0).sum() = 2 * ctx.dout().cwiseProduct(ctx.in(0)); });
  };
  CHECK(gradcheck(chain, {normal({2, 3})}).ok);
}

TEST_CASE("a scale applied twice") {
  const auto tripled = [](Scalar backward_factor) {
    return [=](Tape&, std::span<const Var> x) {
      return record(
          "triple", x, x[0].shape(), [](const Context& ctx) -> Matrix { return 3 * ctx.in(0); },
          [=](Context& ctx) { ctx.grad(0) += backward_factor * ctx.dout(); });
    };
  };
  CHECK(gradcheck(tripled(3), {normal({2, 3})}).ok);
  check_refused(gradcheck(tripled(9), {normal({2, 3})}), "op triple", 0);
  check_refused(gradcheck(tripled(-3), {normal({2, 3})}), "op triple", 0);
}

TEST_CASE("a reduction missed") {
  const auto with_vjp = [](bool reduces) {
    return [=](Tape&, std::span<const Var> x) {
      return record("add_row", x, x[0].shape(), row_added, [=](Context& ctx) {
        ctx.grad(0) += ctx.dout();
        if (reduces) ctx.grad(1) += ctx.dout().colwise().sum();
        if (!reduces) ctx.grad(1) += ctx.dout().row(0);
      });
    };
  };
  const std::vector<Tensor> inputs{normal({3, 4}), normal({1, 4}, "row")};
  CHECK(gradcheck(with_vjp(true), inputs).ok);
  check_refused(gradcheck(with_vjp(false), inputs), "op add_row", 1);
  // With one row there is nothing to reduce, which is why shapes matter.
  CHECK(gradcheck(with_vjp(false), {normal({1, 4}), normal({1, 4}, "row")}).ok);
}

TEST_CASE("an input that was forgotten") {
  const auto forgets = [](Tape&, std::span<const Var> x) {
    return record("matmul", x, x[0].shape(), product_of, [](Context& ctx) {
      ctx.grad(0) += ctx.dout().lazyProduct(ctx.in(1).transpose());
    });
  };
  check_refused(gradcheck(forgets, {normal({3, 3}, "a"), normal({3, 3}, "b")}), "op matmul", 1);
}

TEST_CASE("one wrong entry is found and named") {
  const auto wrong_at_one_entry = [](Tape&, std::span<const Var> x) {
    return record("square", x, x[0].shape(), square_of, [](Context& ctx) {
      Gradient dx = ctx.grad(0);
      dx += 2 * ctx.dout().cwiseProduct(ctx.in(0));
      dx.sum()(1, 2) += 0.001;
    });
  };
  const GradcheckResult result = gradcheck(wrong_at_one_entry, {normal({3, 4})});
  check_refused(result, "op square", 0);
  CHECK(contains(result.message, "the worst entry is (1,2)"));
  CHECK(result.error > 1e-6);
}

TEST_CASE("gradients that are zero, or not numbers, are refused") {
  const auto filled_with = [](Scalar gradient) {
    return [=](Tape&, std::span<const Var> x) {
      return record(
          "constant", x, x[0].shape(),
          [](const Context& ctx) -> Matrix {
            return Matrix::Ones(ctx.in(0).rows(), ctx.in(0).cols());
          },
          [=](Context& ctx) { ctx.grad(0) += Matrix::Constant(2, 3, gradient); });
    };
  };
  // The derivative of a constant is zero: right, and yet no evidence of anything.
  for (const Scalar zero : {0.0, 1e-12}) {
    const GradcheckResult result = gradcheck(filled_with(zero), {normal({2, 3})});
    CHECK_FALSE(result.ok);
    CHECK(contains(result.message, "op constant"));
    CHECK(contains(result.message, "zero"));
  }
  for (const Scalar bad :
       {std::numeric_limits<Scalar>::quiet_NaN(), std::numeric_limits<Scalar>::infinity()}) {
    const GradcheckResult result = gradcheck(filled_with(bad), {normal({2, 3})});
    check_refused(result, "op constant", 0);
  }
  // A function that is itself not a number has no difference quotient either.
  const auto log_of_negative = [](Tape&, std::span<const Var> x) { return log(negate(exp(x[0]))); };
  CHECK_FALSE(gradcheck(log_of_negative, {normal({2, 3})}).ok);
}

TEST_CASE("a sum as the projection would miss a softmax without a backward") {
  const auto no_backward = [](Tape&, std::span<const Var> x) {
    return record("softmax", x, x[0].shape(), softmax_of, [](Context&) {});
  };
  check_refused(gradcheck(no_backward, {normal({3, 4})}), "op softmax", 0);
  // The rows of a softmax sum to one: with a sum at the end both sides are zero, and only the rule
  // about zero gradients is left to notice.
  const auto summed = [&](Tape& tape, std::span<const Var> x) { return sum(no_backward(tape, x)); };
  CHECK(contains(gradcheck(summed, {normal({3, 4})}).message, "zero"));
}

TEST_CASE("a whole model is checked in its parameters, and keeps its values") {
  Parameter w{"w", normal({3, 4}, "w"), {}, true}, b{"b", normal({3}, "b"), {}, true};
  Parameter frozen{"frozen", normal({2, 3}, "frozen"), {}, false};
  const Matrix before = w.value.m;
  const std::vector<Parameter*> parameters{&w, &b, &frozen};
  const Tensor x = normal({2, 4});
  const auto model = [&](Tape& tape) {
    const Var y = affine(tape.constant(x), tape.parameter(w), tape.parameter(b));
    return multiply(tanh(y), tape.parameter(frozen));
  };
  const GradcheckResult result = gradcheck(model, parameters);
  CHECK_MESSAGE(result.ok, result.message);
  CHECK(w.value.m == before);
  CHECK(frozen.grad.empty());
  const auto clipped = [&](Tape& tape) {  // derivative 0 where the value is negative, said to be 1
    const Var y = model(tape);
    return record(
        "clip", std::span(&y, 1), y.shape(),
        [](const Context& ctx) -> Matrix { return ctx.in(0).cwiseMax(0.0); },
        [](Context& ctx) { ctx.grad(0) += ctx.dout(); });
  };
  const GradcheckResult wrong = gradcheck(clipped, parameters);
  CHECK_FALSE(wrong.ok);
  CHECK(contains(wrong.message, "4 ops that end in clip, w (3,4)"));
}

namespace {

// y = x with a backward that leaves the last row, or the last column, of dx out.
Function identity_leaving_out(Index rows, Index cols) {
  return [=](Tape&, std::span<const Var> x) {
    return record(
        "identity", x, x[0].shape(), [](const Context& ctx) -> Matrix { return ctx.in(0); },
        [=](Context& ctx) {
          const Index m = ctx.dout().rows() - rows, n = ctx.dout().cols() - cols;
          ctx.grad(0).block(0, 0, m, n) += ctx.dout().topLeftCorner(m, n);
        });
  };
}

}  // namespace

TEST_CASE("a backward that writes only a part of dx") {
  CHECK(gradcheck(identity_leaving_out(0, 0), {normal({3, 4})}).ok);
  for (const auto& [rows, cols, entry] :
       {std::tuple{1, 0, "the worst entry is (2,0)"}, {0, 1, "the worst entry is (0,3)"}}) {
    const Function f = identity_leaving_out(rows, cols);
    const GradcheckResult on_leaf = gradcheck(f, {normal({3, 4})});
    check_refused(on_leaf, "op identity", 0);
    CHECK(contains(on_leaf.message, entry));
    CHECK(contains(on_leaf.message, "nan"));
    // And where dx is not a parameter's gradient, but memory of the tape.
    const auto inside = [&](Tape& tape, std::span<const Var> x) {
      const Var y = scale(x[0], 2);
      return f(tape, std::span(&y, 1));
    };
    CHECK(contains(gradcheck(inside, {normal({3, 4})}).message, "nan"));
    // The same memory without NaN holds zeros the first time: the control of the control.
    Parameter p{"p", normal({3, 4}), {}, true};
    for (const Fresh fresh : {Fresh::nan, Fresh::unspecified}) {
      p.grad = Tensor();
      Tape tape(TapeMode::everything, fresh);
      const Var x = tape.parameter(p);
      tape.backward(sum(f(tape, std::span(&x, 1))));
      CHECK(p.grad.m.hasNaN() == (fresh == Fresh::nan));
    }
  }
}

}  // namespace gradcheck_test
