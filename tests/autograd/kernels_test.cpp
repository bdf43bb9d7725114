#include "autograd/kernels.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <string_view>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "autograd/random.h"

namespace kernels_test {

using namespace autograd;

namespace {

constexpr Scalar unset = std::numeric_limits<Scalar>::quiet_NaN();

Matrix normal(const char* name, Index rows, Index cols) {
  return Random(3, name).normal({rows, cols}, 1).m;
}

// a b as sums in double, without the last `left_out` terms
Eigen::MatrixXd exact(const Matrix& a, const Matrix& b, Index left_out = 0) {
  const Index K = a.cols() - left_out;
  return a.leftCols(K).cast<double>().lazyProduct(b.topRows(K).cast<double>());
}

double largest_difference(const Matrix& a, const Eigen::MatrixXd& b) {
  return a.size() == 0 ? 0 : (a.cast<double>() - b).cwiseAbs().maxCoeff();
}

// A sum of K products of normal numbers grows to about √K, and its K roundings, each at most half
// an ε of it, to about √K of those: K ε / 2. Eight times as much for the largest of many elements,
// and twice that where the sum is doubled.
double tolerance(Index K) {
  return 8 * double(std::numeric_limits<Scalar>::epsilon()) * (1 + double(K));
}

// Around every edge there is: vectors of 4, 8 and 16, tiles of 6 and 12, panels, blocks of k,
// chunks.
struct Sizes {
  Index M, N, K;
};
const std::vector<Sizes> shapes{{1, 1, 1},   {3, 5, 2},     {12, 32, 16},   {13, 33, 17},
                                {4, 16, 64}, {64, 4, 100},  {70, 31, 257},  {11, 48, 256},
                                {5, 100, 1}, {600, 37, 19}, {30, 1100, 33}, {63, 64, 300}};

}  // namespace

TEST_CASE("every product is the sum it should be, onto whatever it starts from") {
  for (const Sizes& sizes : shapes) {
    const Index M = sizes.M, N = sizes.N, K = sizes.K;
    CAPTURE(M);
    CAPTURE(N);
    CAPTURE(K);
    const Matrix a = normal("a", M, K), b = normal("b", K, N), c0 = normal("c", M, N);
    const Matrix at = a.transpose(), bt = b.transpose(), row = normal("row", 1, N);
    const Eigen::MatrixXd ab = exact(a, b), c = c0.cast<double>();
    const auto check = [&](const Eigen::MatrixXd& expected, const auto& run) {
      Matrix out = Matrix::Constant(M, N, unset);
      run(out);
      CHECK(largest_difference(out, expected) < tolerance(K));
    };
    check(ab / 2, [&](Matrix& out) {
      CHECK(kernels::matmul_nn(a, b, out, 0.5) == 2.0 * double(M * N * K));
    });
    check(ab / 2, [&](Matrix& out) { kernels::matmul_nt(a, bt, out, 0.5); });
    check(ab / 2, [&](Matrix& out) { kernels::matmul_tn(at, b, out, 0.5); });
    check(ab, [&](Matrix& out) { kernels::add_matmul_nn(a, b, {out, true}); });
    check(ab, [&](Matrix& out) { kernels::add_matmul_nt(a, bt, {out, true}); });
    check(ab, [&](Matrix& out) { kernels::add_matmul_tn(at, b, {out, true}); });
    check(c + 2 * ab, [&](Matrix& out) { kernels::add_matmul_nn(a, b, {out = c0, false}, 2); });
    check(c + 2 * ab, [&](Matrix& out) { kernels::add_matmul_nt(a, bt, {out = c0, false}, 2); });
    check(c + 2 * ab, [&](Matrix& out) { kernels::add_matmul_tn(at, b, {out = c0, false}, 2); });
    check(c + ab, [&](Matrix& out) { kernels::sum_matmul_nt(c0, a, bt, out); });
    check(ab.rowwise() + row.cast<double>().row(0),
          [&](Matrix& out) { kernels::affine(a, bt, row, out); });
  }
}

TEST_CASE("the comparison would see a product that stops one term too early") {
  for (const Sizes& sizes : shapes)
    if (sizes.M * sizes.N > 100) {
      const Index M = sizes.M, N = sizes.N, K = sizes.K;
      CAPTURE(K);
      const Matrix a = normal("a", M, K), b = normal("b", K, N);
      CHECK(largest_difference(exact(a, b, 1).cast<Scalar>(), exact(a, b)) > 100 * tolerance(K));
    }
}

TEST_CASE("a product of nothing is zero, or what it starts from") {
  const Matrix a(3, 0), b(0, 2), row = normal("row", 1, 2);
  Matrix c = Matrix::Constant(3, 2, unset);
  kernels::matmul_nn(a, b, c);
  CHECK(c.isZero(0));
  kernels::affine(a, Matrix(2, 0), row, c);
  CHECK(c == row.replicate(3, 1));
}

#ifdef _OPENMP
TEST_CASE("a product has the same bits on one, two and three threads") {
  const int threads = omp_get_max_threads();
  // Cut by rows, by columns, into one part, and with a rest.
  for (const Sizes& s : {Sizes{2048, 64, 96}, {64, 3000, 70}, {200, 150, 300}, {1100, 1030, 33}}) {
    const Matrix a = normal("a", s.M, s.K), b = normal("b", s.K, s.N), bt = b.transpose(),
                 at = a.transpose(), row = normal("row", 1, s.N);
    std::vector<Matrix> first;
    for (const int count : {1, 2, 3}) {
      omp_set_num_threads(count);
      std::vector<Matrix> results(3, Matrix::Zero(s.M, s.N));
      kernels::matmul_nn(a, b, results[0]);
      kernels::affine(a, bt, row, results[1]);
      kernels::add_matmul_tn(at, b, {results[2], false}, 0.5);
      if (count == 1) first = results;
      CHECK(results == first);
    }
    // The control: the same sums in another order have other bits.
    Matrix halves(s.M, s.N);
    kernels::matmul_nn(a.rightCols(s.K / 2), b.bottomRows(s.K / 2), halves);
    kernels::add_matmul_nn(a.leftCols(s.K - s.K / 2), b.topRows(s.K - s.K / 2), {halves, false});
    CHECK(halves != first[0]);
  }
  omp_set_num_threads(threads);
}
#endif

#ifdef LOWRANK_BLAS
TEST_CASE("OpenBLAS and our own product agree, on one thread each") {
  for (const Sizes& s : shapes) {
    const Matrix a = normal("a", s.M, s.K), b = normal("b", s.K, s.N), row = normal("row", 1, s.N);
    Matrix ours(s.M, s.N), theirs(s.M, s.N);
    const Gemm g{.M = s.M,
                 .N = s.N,
                 .K = s.K,
                 .a = {a.data(), s.K, 1},
                 .b = {b.data(), s.N, 1},
                 .c = ours.data(),
                 .c_row = s.N,
                 .scale = 1,
                 .start = row.data(),
                 .start_row = 0};
    gemm_tiles(g);
    Gemm other = g;
    other.c = theirs.data();
    gemm_blas(other);
    CHECK(largest_difference(ours, theirs.cast<double>()) < tolerance(s.K));
  }
}
#endif

// Not so with OpenBLAS, which takes another way for another size.
TEST_CASE("an element depends on its row and its column alone, bit for bit" *
          doctest::skip(std::string_view(gemm_name) == "OpenBLAS")) {
  const Matrix a = normal("a", 700, 300), b = normal("b", 300, 90), bt = b.transpose();
  Matrix whole(700, 90), part(29, 21), one(1, 1);
  kernels::matmul_nn(a, b, whole);
  kernels::matmul_nt(a.middleRows(333, 29), bt.middleRows(50, 21), part);
  CHECK(part == whole.block(333, 50, 29, 21));
  kernels::matmul_tn(a.row(699).transpose(), b.col(89), one);
  CHECK(one(0, 0) == whole(699, 89));
}

TEST_CASE("nothing beside the result is touched") {
  Matrix around = Matrix::Constant(20, 50, 7);
  kernels::matmul_nn(normal("a", 13, 9), normal("b", 9, 35), around.block(4, 5, 13, 35));
  around.block(4, 5, 13, 35).setConstant(7);
  CHECK((around.array() == 7).all());
}

TEST_CASE("column sums") {
  for (const Index cols : {1, 63, 64, 65, 200}) {
    const Matrix a = normal("a", 37, cols), row = normal("row", 1, cols);
    Matrix sums = row;
    kernels::add_column_sums(a, {sums, false});
    const Eigen::MatrixXd expected = row.cast<double>() + a.cast<double>().colwise().sum();
    CHECK(largest_difference(sums, expected) < tolerance(37));
  }
}

// What is added first is assigned, but not where one value is several inputs of an op.
TEST_CASE("one value as several inputs of one op receives the sum of all gradients") {
  const auto gradient = [](int copies) {
    Parameter p{"p", Random(3, "x").normal({2, 5, 4}, 1), {}, true};
    Tape tape;
    const Var x = scale(tape.parameter(p), 1);  // not a leaf: its gradient is the tape's
    std::vector<Var> same;
    for (int i = 0; i < 3; ++i) same.push_back(i < copies ? scale(x, 1) : x);
    tape.backward(attention(same[0], same[1], same[2], {}), Random(3, "u").normal({2, 5, 4}, 1));
    return p.grad.m;
  };
  const Matrix apart = gradient(3);
  CHECK(largest_difference(gradient(0), apart.cast<double>()) < 1e-6);
  CHECK(largest_difference(gradient(2), apart.cast<double>()) < 1e-6);
  CHECK(apart.cwiseAbs().maxCoeff() > 0.1);
}

}  // namespace kernels_test
