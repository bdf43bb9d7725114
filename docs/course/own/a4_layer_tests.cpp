#include "own/a4_layer_tests.h"

#include <cstdint>
#include <exception>
#include <stdexcept>

namespace course::a4 {

using Index = Eigen::Index;

// Uniform in [-1, 1), the same everywhere.
static Matrix drawn(Index rows, Index cols, std::uint64_t seed) {
  Matrix values(rows, cols);
  std::uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
  for (Index i = 0; i < values.size(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    values.data()[i] = static_cast<double>(state >> 11) * 0x1p-52 - 1;
  }
  return values;
}

static bool is_near(const Matrix& got, const Matrix& wanted) {
  return got.rows() == wanted.rows() && got.cols() == wanted.cols() && got.allFinite() &&
         ((got - wanted).array().abs() <= 1e-9 * (1 + wanted.array().abs())).all();
}

static bool is_same(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && a == b;
}

static void demand(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

template <class Action>
static bool refuses(const Action& action) {
  try {
    action();
  } catch (const std::logic_error&) {
    return true;
  }
  return false;
}

static Matrix exact(const LayerUnderTest& layer, double s, const Matrix& x) {
  return x * (layer.w0() + s * layer.b() * layer.a()).transpose();
}

static void check_start(const MakeLayer& make, const LayerSpec& spec) {
  const auto tested = make(spec);
  const Matrix x = drawn(5, spec.in, 1), w0 = tested->w0();
  demand(w0.rows() == spec.out && w0.cols() == spec.in, "W0 is not (out,in)");
  demand(tested->a().rows() == spec.rank && tested->a().cols() == spec.in, "A is not (rank,in)");
  demand(tested->b().rows() == spec.out && tested->b().cols() == spec.rank, "B is not (out,rank)");
  demand(is_near(tested->forward(x), x * w0.transpose()), "a fresh layer is not the base");
  demand((tested->b() * tested->a()).isZero(0), "B A is not exactly zero at the start");
  tested->backward(drawn(5, spec.out, 2));
  demand(!tested->grad_a().isZero(0) || !tested->grad_b().isZero(0), "nothing can move");
  const auto again = make(spec);
  demand(is_same(again->a(), tested->a()) && is_same(again->b(), tested->b()),
         "two layers of one specification differ");
}

static void check_ranks(const MakeLayer& make) {
  const auto two = make({7, 6, 2, 3, 5}), four = make({7, 6, 4, 3, 5});
  const Matrix small = two->a().isZero(0) ? Matrix(two->b().transpose()) : two->a();
  const Matrix large = two->a().isZero(0) ? Matrix(four->b().transpose()) : four->a();
  for (Index i = 0; i < small.rows(); ++i)
    for (Index j = 0; j < large.rows(); ++j)
      demand(!is_same(small.row(i), large.row(j)), "rank 2 starts with rows of rank 4");
}

static void check_training(const MakeLayer& make, const LayerSpec& spec) {
  const auto tested = make(spec);
  const double s = spec.alpha / spec.rank;
  demand(is_near(Matrix::Constant(1, 1, tested->scale()), Matrix::Constant(1, 1, s)),
         "the scale is not alpha / rank");
  const Matrix A = drawn(spec.rank, spec.in, 3), B = drawn(spec.out, spec.rank, 4);
  tested->set(A, B);
  const Matrix w0 = tested->w0(), x = drawn(5, spec.in, 5), dh = drawn(5, spec.out, 6);
  const auto forward_and_back = [&] {
    demand(is_near(tested->forward(x), exact(*tested, s, x)), "forward is not W0 x + s B A x");
    return tested->backward(dh);
  };
  const Matrix dA = s * (dh * B).transpose() * x, dB = s * dh.transpose() * (x * A.transpose());
  demand(is_near(forward_and_back(), dh * (w0 + s * B * A)), "the gradient of x is wrong");
  demand(is_near(tested->grad_a(), dA), "the gradient of A is wrong");
  demand(is_near(tested->grad_b(), dB), "the gradient of B is wrong");
  forward_and_back();
  demand(is_near(tested->grad_a(), 2 * dA) && is_near(tested->grad_b(), 2 * dB),
         "a second backward does not add");
  tested->zero_grad();
  forward_and_back();
  demand(is_near(tested->grad_a(), dA) && is_near(tested->grad_b(), dB),
         "zero_grad leaves something");
  tested->step(0.1);
  demand(is_same(tested->w0(), w0), "a step moves W0");
  demand(is_near(tested->a(), A - 0.1 * dA) && is_near(tested->b(), B - 0.1 * dB),
         "a step is not -lr times the gradient");
  demand(is_near(tested->forward(x), exact(*tested, s, x)),
         "after a step forward is something else");
}

static void check_merging(const MakeLayer& make, const LayerSpec& spec) {
  const auto tested = make(spec);
  const double s = spec.alpha / spec.rank;
  tested->set(drawn(spec.rank, spec.in, 7), drawn(spec.out, spec.rank, 8));
  const Matrix w0 = tested->w0(), x = drawn(4, spec.in, 9), before = tested->forward(x);
  demand(refuses([&] { tested->unmerge(); }), "unmerging what is not merged is accepted");
  for (int round = 0; round < 20; ++round) {
    tested->merge();
    demand(is_near(tested->forward(x), exact(*tested, s, x)), "merged is not unmerged");
    demand(is_same(tested->w0(), w0), "while it is merged, W0 is not what it was");
    demand(refuses([&] { tested->merge(); }), "merging twice is accepted");
    demand(is_near(tested->forward(x), exact(*tested, s, x)), "a refused merge changes the layer");
    tested->unmerge();
    demand(is_same(tested->w0(), w0), "unmerging does not restore W0 bit for bit");
    demand(is_near(tested->forward(x), before), "unmerged is not what it was before merging");
  }
}

std::string check_layers(const MakeLayer& make) {
  try {
    // No two sizes are equal, so that a transpose shows; the other way round; and rank 1.
    for (const LayerSpec& spec :
         {LayerSpec{7, 4, 3, 5, 1}, LayerSpec{4, 7, 2, 0.5, 2}, LayerSpec{5, 6, 1, -3, 3}}) {
      check_start(make, spec);
      check_training(make, spec);
      check_merging(make, spec);
    }
    check_ranks(make);
  } catch (const std::exception& fault) {
    return fault.what();
  }
  return "";
}

}  // namespace course::a4
