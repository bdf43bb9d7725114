#include "op_cases.h"

namespace op_cases {

namespace {

Matrix transposed(const Matrix& a) {
  Matrix t(a.cols(), a.rows());
  for (Index i = 0; i < a.rows(); ++i)
    for (Index j = 0; j < a.cols(); ++j) t(j, i) = a(i, j);
  return t;
}

Tensor product(const Matrix& a, const Matrix& b, Shape shape) {
  return fill(shape, [&](Index i, Index j) {
    Scalar sum = 0;
    for (Index k = 0; k < a.cols(); ++k) sum += a(i, k) * b(k, j);
    return sum;
  });
}

Tensor nn(const Tensors& x) { return product(x[0].m, x[1].m, Shape{x[0].rows(), x[1].cols()}); }
Tensor tn(const Tensors& x) {
  return product(transposed(x[0].m), x[1].m, Shape{x[0].cols(), x[1].cols()});
}
Tensor nt_shaped(const Tensors& x, Shape shape) {
  return product(x[0].m, transposed(x[1].m), shape);
}

// x wᵀ + b where the result has the given shape
auto affine_to(Shape shape) {
  return [shape](const Tensors& x) {
    const Tensor y = nt_shaped(x, shape);
    return fill(shape, [&](Index i, Index j) { return y.m(i, j) + x[2].m.data()[j]; });
  };
}

}  // namespace

std::vector<OpCase> linear() {
  const Function nt = [](Tape&, std::span<const Var> x) { return matmul_nt(x[0], x[1]); };
  const Function with_bias = [](Tape&, std::span<const Var> x) { return affine(x[0], x[1], x[2]); };
  const auto nt_to = [](Shape shape) {
    return [shape](const Tensors& x) { return nt_shaped(x, shape); };
  };
  return {
      {"matmul",
       "",
       [](Tape&, std::span<const Var> x) { return matmul(x[0], x[1]); },
       nn,
       {},
       {{{1, 1}, {1, 1}}, {{1, 3}, {3, 1}}, {{4, 1}, {1, 3}}, {{2, 3}, {3, 5}}, {{3, 3}, {3, 3}}}},
      {"matmul_tn",
       "",
       [](Tape&, std::span<const Var> x) { return matmul_tn(x[0], x[1]); },
       tn,
       {},
       {{{1, 1}, {1, 1}}, {{3, 1}, {3, 1}}, {{1, 4}, {1, 3}}, {{3, 2}, {3, 5}}, {{3, 3}, {3, 3}}}},
      {"matmul_nt", "1x1", nt, nt_to({1, 1}), {}, {{{1, 1}, {1, 1}}, {{1, 3}, {1, 3}}}},
      {"matmul_nt", "outer", nt, nt_to({4, 3}), {}, {{{4, 1}, {3, 1}}}},
      {"matmul_nt", "", nt, nt_to({2, 5}), {}, {{{2, 3}, {5, 3}}}},
      {"matmul_nt", "square", nt, nt_to({3, 3}), {}, {{{3, 3}, {3, 3}}}},
      {"matmul_nt", "keeps (B,T)", nt, nt_to({2, 3, 5}), {}, {{{2, 3, 4}, {5, 4}}}},
      {"add_matmul_nt",
       "",
       [](Tape&, std::span<const Var> x) { return add_matmul_nt(x[0], x[1], x[2]); },
       [](const Tensors& x) {
         const Tensor y = nt_shaped({x[1], x[2]}, x[0].shape);
         return fill(x[0].shape, [&](Index i, Index j) { return x[0].m(i, j) + y.m(i, j); });
       },
       {},
       {{{1, 1}, {1, 1}, {1, 1}},
        {{1, 5}, {1, 3}, {5, 3}},
        {{4, 1}, {4, 2}, {1, 2}},
        {{2, 3, 5}, {2, 3, 4}, {5, 4}},
        {{3, 3}, {3, 3}, {3, 3}}}},
      {"affine", "1x1", with_bias, affine_to({1, 1}), {}, {{{1, 1}, {1, 1}, {1}}}},
      {"affine", "one row", with_bias, affine_to({1, 2}), {}, {{{1, 3}, {2, 3}, {1, 2}}}},
      {"affine", "one column", with_bias, affine_to({4, 1}), {}, {{{4, 1}, {1, 1}, {1}}}},
      {"affine", "", with_bias, affine_to({4, 2}), {}, {{{4, 3}, {2, 3}, {2}}}},
      {"affine", "keeps (B,T)", with_bias, affine_to({2, 3, 5}), {}, {{{2, 3, 4}, {5, 4}, {5}}}},
      {"affine", "of rank 1", with_bias, affine_to({5}), {}, {{{4}, {5, 4}, {5}}}},
      {"affine",
       "of rank 4",
       with_bias,
       affine_to({2, 1, 3, 5}),
       {},
       {{{2, 1, 3, 4}, {5, 4}, {5}}}},
      {"transpose",
       "",
       [](Tape&, std::span<const Var> x) { return transpose(x[0]); },
       [](const Tensors& x) {
         return fill({x[0].cols(), x[0].rows()}, [&](Index i, Index j) { return x[0].m(j, i); });
       },
       {},
       {{{1, 1}}, {{1, 5}}, {{4, 1}}, {{3, 4}}, {{3, 3}}}},
  };
}

}  // namespace op_cases
