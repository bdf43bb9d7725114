// Layers on which the tests of question a4.q8 are tried: a right one, and three that are not.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "autograd/random.h"
#include "own/a4_layer_tests.h"

namespace course::a4 {

using Eigen::Index;

/// A layer in plain loops, one sum for each output. The output is linear in A, in B and in x, each
/// alone, so the difference that a change of one element by 1 makes is its derivative. That is slow
/// and needs no formula.
class ShownLayer final : public LayerUnderTest {
 public:
  ShownLayer(const LayerSpec& spec, const std::string& mistake)
      : s_(mistake == "alpha-alone" ? spec.alpha : spec.alpha / spec.rank),
        assigns_(mistake == "assigns"),
        subtracts_(mistake == "unmerge-subtracts"),
        W_(autograd::Random(spec.seed, "w0").normal({spec.out, spec.in}, 0.5).m),
        A_(autograd::Random(spec.seed, fmt::format("a.{}", spec.rank))
               .normal({spec.rank, spec.in}, 0.5)
               .m),
        B_(Matrix::Zero(spec.out, spec.rank)) {
    zero_grad();
  }

  Matrix w0() const override { return merged_ ? kept_ : W_; }
  Matrix a() const override { return A_; }
  Matrix b() const override { return B_; }
  double scale() const override { return s_; }
  void set(const Matrix& A, const Matrix& B) override { A_ = A, B_ = B; }

  Matrix forward(const Matrix& x) override {
    x_ = x;
    return outputs(x);
  }

  Matrix backward(const Matrix& dh) override {
    const auto derivatives = [&](Matrix& of) {
      const Matrix before = outputs(x_);
      Matrix d(of.rows(), of.cols());
      for (Index i = 0; i < of.size(); ++i) {
        const double centre = of.data()[i];
        of.data()[i] = centre + 1;
        d.data()[i] = (outputs(x_) - before).cwiseProduct(dh).sum();
        of.data()[i] = centre;
      }
      return d;
    };
    if (assigns_) zero_grad();
    dA_ += derivatives(A_);
    dB_ += derivatives(B_);
    return derivatives(x_);
  }

  Matrix grad_a() const override { return dA_; }
  Matrix grad_b() const override { return dB_; }
  void zero_grad() override {
    dA_ = Matrix::Zero(A_.rows(), A_.cols());
    dB_ = Matrix::Zero(B_.rows(), B_.cols());
  }
  void step(double lr) override { A_ -= lr * dA_, B_ -= lr * dB_; }

  void merge() override {
    if (merged_) throw std::logic_error("merged already");
    kept_ = W_;
    change_ = outputs(Matrix::Identity(W_.cols(), W_.cols())).transpose() - W_;
    W_ += change_;
    merged_ = true;
  }
  void unmerge() override {
    if (!merged_) throw std::logic_error("not merged");
    W_ = subtracts_ ? Matrix(W_ - change_) : kept_;
    merged_ = false;
  }

 private:
  // Row i of the result is W0 x + s B A x of row i.
  Matrix outputs(const Matrix& x) const {
    Matrix h(x.rows(), W_.rows());
    for (Index i = 0; i < x.rows(); ++i)
      for (Index o = 0; o < W_.rows(); ++o) {
        double sum = 0;
        for (Index j = 0; j < x.cols(); ++j) sum += W_(o, j) * x(i, j);
        for (Index k = 0; k < A_.rows() && !merged_; ++k)
          for (Index j = 0; j < x.cols(); ++j) sum += s_ * B_(o, k) * A_(k, j) * x(i, j);
        h(i, o) = sum;
      }
    return h;
  }

  double s_;
  bool assigns_, subtracts_, merged_ = false;
  Matrix W_, A_, B_, dA_, dB_, x_, kept_, change_;
};

inline std::unique_ptr<LayerUnderTest> shown_layer(const LayerSpec& spec, const std::string& name) {
  return std::make_unique<ShownLayer>(spec, name);
}

}  // namespace course::a4
