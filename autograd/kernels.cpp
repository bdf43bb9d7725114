#include "autograd/kernels.h"

#include <algorithm>

namespace autograd::inline AUTOGRAD_PRECISION::kernels {

namespace {

// Below this many operations waking a thread costs more than it saves.
constexpr double kParallelWork = 2e6;

Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

template <class Work>
void chunked(Index n, Index chunk, [[maybe_unused]] double total_work, const Work& work) {
  if (n == 0) return;  // `chunk` may be 0 then
  const Index chunks = ceil_div(n, chunk);
  if (chunks <= 1) return work(Index{0}, n);
#ifdef _OPENMP
#pragma omp parallel for schedule(static) if (total_work > kParallelWork)
#endif
  for (Index i = 0; i < chunks; ++i) work(i * chunk, std::min(n, (i + 1) * chunk));
}

// Rows of the result in one chunk. Each chunk packs the other operand anew, so there are few; their
// number is a power of two, so that two or four threads get equal shares.
Index row_chunk(Index rows) {
  const Index chunks = rows < 256 ? 1 : rows < 1024 ? 2 : rows < 4096 ? 4 : 8;
  return ceil_div(rows, chunks);
}

}  // namespace

double add_matmul_nn(In a, In b, Out c, Scalar scale) {
  const double flops = 2.0 * double(c.rows()) * double(c.cols()) * double(a.cols());
  chunked(c.rows(), row_chunk(c.rows()), flops, [&](Index begin, Index end) {
    c.middleRows(begin, end - begin).noalias() += scale * a.middleRows(begin, end - begin) * b;
  });
  return flops;
}

double add_matmul_nt(In a, In b, Out c, Scalar scale) {
  const double flops = 2.0 * double(c.rows()) * double(c.cols()) * double(a.cols());
  chunked(c.rows(), row_chunk(c.rows()), flops, [&](Index begin, Index end) {
    c.middleRows(begin, end - begin).noalias() +=
        scale * a.middleRows(begin, end - begin) * b.transpose();
  });
  return flops;
}

// The sum runs over the rows of a and b, so the chunks are rows of the result, columns of a.
double add_matmul_tn(In a, In b, Out c, Scalar scale) {
  const double flops = 2.0 * double(c.rows()) * double(c.cols()) * double(a.rows());
  const Index chunk = std::max<Index>(32, ceil_div(c.rows(), 8));
  chunked(c.rows(), chunk, flops, [&](Index begin, Index end) {
    c.middleRows(begin, end - begin).noalias() +=
        scale * a.middleCols(begin, end - begin).transpose() * b;
  });
  return flops;
}

// Row by row, along memory; a sum of each column by itself would stride across it.
void add_column_sums(In a, Out row) {
  for (Index i = 0; i < a.rows(); ++i) row.row(0) += a.row(i);
}

void for_each_chunk(Index n, double cost, const std::function<void(Index, Index)>& work) {
  const Index chunk =
      std::max<Index>(1, static_cast<Index>(kParallelWork / 8 / std::max(cost, 1.0)));
  chunked(n, chunk, cost * double(n), work);
}

}  // namespace autograd::inline AUTOGRAD_PRECISION::kernels
