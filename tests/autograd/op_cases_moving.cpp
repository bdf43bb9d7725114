#include "op_cases.h"

namespace op_cases {

namespace {

const std::vector<Shapes> moving_shapes = {{{1, 1}}, {{1, 5}}, {{4, 1}}, {{3, 4}}, {{5, 2}}};

// The second half, and all of a single one
Index half(Index n) { return n / 2; }

// Row ids into a table: the last, the first, and one of them again
std::vector<int> some_ids(Index rows) {
  const int last = static_cast<int>(rows) - 1;
  return {last, 0, last / 2, last};
}

// A column for each row
std::vector<int> some_columns(Index rows, Index cols) {
  std::vector<int> columns;
  for (Index i = 0; i < rows; ++i) columns.push_back(static_cast<int>((2 * i + 1) % cols));
  return columns;
}

Tensor one_under_the_other(const Tensors& x) {
  Index rows = 0;
  for (const Tensor& part : x) rows += part.rows();
  Tensor y(Shape{rows, x[0].cols()});
  Index at = 0;
  for (const Tensor& part : x)
    for (Index i = 0; i < part.rows(); ++i, ++at)
      for (Index j = 0; j < part.cols(); ++j) y.m(at, j) = part.m(i, j);
  return y;
}

Tensor side_by_side(const Tensors& x) {
  Index cols = 0;
  for (const Tensor& part : x) cols += part.cols();
  Tensor y(Shape{x[0].rows(), cols});
  Index at = 0;
  for (const Tensor& part : x)
    for (Index j = 0; j < part.cols(); ++j, ++at)
      for (Index i = 0; i < part.rows(); ++i) y.m(i, at) = part.m(i, j);
  return y;
}

Tensor in_row_major_order(const Tensors& x) {
  const Shape shape{x[0].cols(), x[0].rows()};
  const Index cols = x[0].cols();
  return fill(shape, [&](Index i, Index j) {
    const Index k = i * shape.cols() + j;
    return x[0].m(k / cols, k % cols);
  });
}

}  // namespace

std::vector<OpCase> moving() {
  return {
      {"reshape",
       "",
       [](Tape&, std::span<const Var> x) {
         return reshape(x[0], Shape{x[0].shape().cols(), x[0].shape().rows()});
       },
       in_row_major_order,
       {},
       {{{1, 1}}, {{1, 5}}, {{4, 1}}, {{3, 4}}, {{2, 3, 4}}}},
      {"slice_rows",
       "",
       [](Tape&, std::span<const Var> x) {
         const Index rows = x[0].shape().rows();
         return slice_rows(x[0], half(rows), rows - half(rows));
       },
       [](const Tensors& x) {
         const Index begin = half(x[0].rows());
         return fill({x[0].rows() - begin, x[0].cols()},
                     [&](Index i, Index j) { return x[0].m(begin + i, j); });
       },
       {},
       moving_shapes},
      {"slice_cols",
       "",
       [](Tape&, std::span<const Var> x) {
         const Index cols = x[0].shape().cols();
         return slice_cols(x[0], half(cols), cols - half(cols));
       },
       [](const Tensors& x) {
         const Index begin = half(x[0].cols());
         return fill({x[0].rows(), x[0].cols() - begin},
                     [&](Index i, Index j) { return x[0].m(i, begin + j); });
       },
       {},
       moving_shapes},
      {"concat_rows",
       "",
       [](Tape&, std::span<const Var> x) { return concat_rows(x); },
       one_under_the_other,
       {},
       {{{1, 1}}, {{1, 1}, {1, 1}}, {{1, 5}, {2, 5}}, {{4, 1}, {1, 1}}, {{2, 3}, {1, 3}, {4, 3}}}},
      {"concat_cols",
       "",
       [](Tape&, std::span<const Var> x) { return concat_cols(x); },
       side_by_side,
       {},
       {{{1, 1}}, {{1, 1}, {1, 1}}, {{1, 5}, {1, 2}}, {{4, 1}, {4, 1}}, {{3, 2}, {3, 1}, {3, 4}}}},
      {"take_rows",
       "",
       [](Tape&, std::span<const Var> x) { return take_rows(x[0], some_ids(x[0].shape().rows())); },
       [](const Tensors& x) {
         const std::vector<int> ids = some_ids(x[0].rows());
         return fill({4, x[0].cols()},
                     [&](Index i, Index j) { return x[0].m(ids[static_cast<std::size_t>(i)], j); });
       },
       {},
       moving_shapes},
      {"gather",
       "",
       [](Tape&, std::span<const Var> x) {
         return gather(x[0], some_columns(x[0].shape().rows(), x[0].shape().cols()));
       },
       [](const Tensors& x) {
         const std::vector<int> columns = some_columns(x[0].rows(), x[0].cols());
         return fill({x[0].rows(), 1}, [&](Index i, Index) {
           return x[0].m(i, columns[static_cast<std::size_t>(i)]);
         });
       },
       {},
       moving_shapes},
  };
}

}  // namespace op_cases
