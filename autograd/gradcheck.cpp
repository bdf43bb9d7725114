#include "autograd/gradcheck.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "autograd/random.h"

namespace autograd::inline LOWRANK_PRECISION {

namespace {

double relative_error(double a, double b) {
  return std::abs(a - b) / std::max({1.0, std::abs(a), std::abs(b)});
}

double dot(const Matrix& a, const Matrix& b) {
  return static_cast<double>(a.cwiseProduct(b).sum());
}

class Checker {
 public:
  Checker(const std::function<Var(Tape&)>& f, std::span<Parameter* const> parameters,
          const GradcheckOptions& options)
      : f_(f), parameters_(parameters), options_(options), random_(options.seed, "gradcheck") {}

  GradcheckResult run() {
    analytic();
    GradcheckResult result;
    bool all_small = true;
    for (Parameter* p : parameters_) {
      if (!p->trainable) continue;
      const Tensor v = random_.normal(p->value.shape, 1);
      const double numeric = numeric_derivative(*p, v.m);
      const double analytic = p->grad.empty() ? 0 : dot(p->grad.m, v.m);
      if (!p->grad.empty() && !p->grad.m.isZero(static_cast<Scalar>(options_.tolerance)))
        all_small = false;
      const double error = relative_error(numeric, analytic);
      if (error <= options_.tolerance) {  // false for NaN
        result.error = std::max(result.error, error);
        continue;
      }
      result.error = error;
      result.message = locate(*p, numeric, analytic);
      return result;
    }
    if (all_small) {
      result.message = fmt::format("{}: every gradient is zero: this check says nothing", what_);
      return result;
    }
    result.ok = true;
    return result;
  }

 private:
  // One backward with a random cotangent leaves Jᵀu in every parameter.
  void analytic() {
    for (Parameter* p : parameters_) p->grad = Tensor();
    Tape tape(TapeMode::everything, Fresh::nan);
    const Var y = f_(tape);
    what_ = tape.stats().ops == 1
                ? fmt::format("op {}", tape.node(y.id).op_name)
                : fmt::format("{} ops that end in {}", tape.stats().ops, tape.node(y.id).op_name);
    u_ = random_.normal(y.shape(), 1);
    tape.backward(y, u_);
  }

  double projected() {
    Tape tape(TapeMode::values, Fresh::nan);
    return dot(f_(tape).value().m, u_.m);
  }

  // ⟨u, (f(x+hv) - f(x-hv)) / 2h⟩ with the h that balances rounding, ε/h, against truncation, h²
  double numeric_derivative(Parameter& p, const Matrix& v) {
    const double h = std::cbrt(static_cast<double>(std::numeric_limits<Scalar>::epsilon()));
    const Matrix x = p.value.m;
    p.value.m = x + static_cast<Scalar>(h) * v;
    const double above = projected();
    p.value.m = x - static_cast<Scalar>(h) * v;
    const double below = projected();
    p.value.m = x;
    return (above - below) / (2 * h);
  }

  // The entry of p's gradient that is furthest off.
  std::string locate(Parameter& p, double numeric, double analytic) {
    Index row = 0, col = 0;
    double worst = -1, worst_numeric = 0, worst_analytic = 0;
    Matrix unit = Matrix::Zero(p.value.rows(), p.value.cols());
    for (Index i = 0; i < unit.rows(); ++i) {
      for (Index j = 0; j < unit.cols(); ++j) {
        unit(i, j) = 1;
        const double n = numeric_derivative(p, unit);
        unit(i, j) = 0;
        const double a = p.grad.empty() ? 0 : static_cast<double>(p.grad.m(i, j));
        const double error = std::isfinite(n - a) ? relative_error(n, a) : 1e300;
        if (error > worst) worst = error, row = i, col = j, worst_numeric = n, worst_analytic = a;
      }
    }
    return fmt::format(
        "{}, {} {}: along a random direction the numeric derivative is {:.10g} and the gradient "
        "says {:.10g}; the worst entry is ({},{}): numeric {:.10g}, gradient {:.10g}",
        what_, p.name, p.value.shape.str(), numeric, analytic, row, col, worst_numeric,
        worst_analytic);
  }

  const std::function<Var(Tape&)>& f_;
  std::span<Parameter* const> parameters_;
  GradcheckOptions options_;
  Random random_;
  Tensor u_;
  std::string what_;  // "op gelu", or "3 ops that end in add"
};

}  // namespace

GradcheckResult gradcheck(const std::function<Var(Tape&)>& f,
                          std::span<Parameter* const> parameters, const GradcheckOptions& options) {
  return Checker(f, parameters, options).run();
}

GradcheckResult gradcheck(const Function& f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options) {
  std::vector<Parameter> leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    leaves.push_back({fmt::format("input {}", i), inputs[i], {}, true});
  std::vector<Parameter*> parameters;
  for (Parameter& leaf : leaves) parameters.push_back(&leaf);
  const auto on_tape = [&](Tape& tape) {
    std::vector<Var> vars;
    for (Parameter& leaf : leaves) vars.push_back(tape.parameter(leaf));
    return f(tape, vars);
  };
  return gradcheck(on_tape, parameters, options);
}

}  // namespace autograd::inline LOWRANK_PRECISION
