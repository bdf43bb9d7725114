#include "autograd/kernels.h"

#include <algorithm>

#include "autograd/gemm.h"

namespace autograd::inline LOWRANK_PRECISION::kernels {

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

Strided plain(In m) { return {m.data(), m.outerStride(), 1}; }
Strided transposed(In m) { return {m.data(), 1, m.outerStride()}; }

// What a product is added to: zeros, one row for all rows, or a matrix.
struct Start {
  const Scalar* data = nullptr;
  Index row = 0;  // from one row of it to the next
};

Start from(In m) { return {m.data(), m.outerStride()}; }

// Rows or columns of the result in one chunk: few enough for a's rows to stay in the second-level
// cache under all panels of b, and an even number of chunks, so that two threads get equal shares.
Index chunk_of(Index n) {
  constexpr Index most = 512;
  return n < 256 ? n : ceil_div(n, 2 * ceil_div(n, 2 * most));
}

// out = start + scale a b
double product(Strided a, Strided b, Index K, Out& out, Scalar scale, Start start) {
  return in_chunks({out.rows(), out.cols(), K, a, b, out.data(), out.outerStride(), scale,
                    start.data, start.row},
                   gemm);
}

double nn(In a, In b, Out& out, Scalar scale, Start start) {
  return product(plain(a), plain(b), a.cols(), out, scale, start);
}
double nt(In a, In b, Out& out, Scalar scale, Start start) {
  return product(plain(a), transposed(b), a.cols(), out, scale, start);
}
double tn(In a, In b, Out& out, Scalar scale, Start start) {
  return product(transposed(a), plain(b), a.rows(), out, scale, start);
}

}  // namespace

double matmul_nn(In a, In b, Out c, Scalar scale) { return nn(a, b, c, scale, {}); }
double matmul_nt(In a, In b, Out c, Scalar scale) { return nt(a, b, c, scale, {}); }
double matmul_tn(In a, In b, Out c, Scalar scale) { return tn(a, b, c, scale, {}); }
double affine(In a, In b, In row, Out c) { return nt(a, b, c, 1, {row.data(), 0}); }
double sum_matmul_nt(In c0, In a, In b, Out c) { return nt(a, b, c, 1, from(c0)); }

double in_chunks(const Gemm& all, void (&compute)(const Gemm&)) {
  const double flops = 2.0 * double(all.M) * double(all.N) * double(all.K);
  if (all.M >= all.N) {
    chunked(all.M, chunk_of(all.M), flops, [&](Index begin, Index end) {
      Gemm part = all;
      part.M = end - begin;
      part.a.data += begin * all.a.row;
      part.c += begin * all.c_row;
      if (part.start) part.start += begin * all.start_row;
      compute(part);
    });
  } else {
    chunked(all.N, chunk_of(all.N), flops, [&](Index begin, Index end) {
      Gemm part = all;
      part.N = end - begin;
      part.b.data += begin * all.b.col;
      part.c += begin;
      if (part.start) part.start += begin;
      compute(part);
    });
  }
  return flops;
}

// Fresh memory is not read: the product starts from zeros there.
static Start so_far(const Gradient& c) { return c.is_fresh() ? Start() : from(c.sum()); }

double add_matmul_nn(In a, In b, Gradient c, Scalar scale) {
  Out out = c.sum();
  return nn(a, b, out, scale, so_far(c));
}
double add_matmul_nt(In a, In b, Gradient c, Scalar scale) {
  Out out = c.sum();
  return nt(a, b, out, scale, so_far(c));
}
double add_matmul_tn(In a, In b, Gradient c, Scalar scale) {
  Out out = c.sum();
  return tn(a, b, out, scale, so_far(c));
}

void sum(In a, In b, Out c) {
  for_each_chunk(a.rows(), cost::moved * double(a.cols()), [&](Index begin, Index end) {
    const Index n = end - begin;
    c.middleRows(begin, n) = a.middleRows(begin, n) + b.middleRows(begin, n);
  });
}

void add(In a, Gradient out) {
  for_each_chunk(a.rows(), cost::moved * double(a.cols()), [&](Index begin, Index end) {
    out.rows(begin, end - begin) += a.middleRows(begin, end - begin);
  });
}

// Some columns at a time, whose sums stay in registers on the way down the rows.
void exp(Scalar* x, Index n) {
  using Vectors = Eigen::Array<Scalar, 64, 1>;  // whole ones on every processor
  Index i = 0;
  for (; i + Vectors::SizeAtCompileTime <= n; i += Vectors::SizeAtCompileTime) {
    Eigen::Map<Vectors> part(x + i);
    part = part.exp();
  }
  Vectors rest = Vectors::Zero();
  std::copy(x + i, x + n, rest.data());
  rest = rest.exp().eval();
  std::copy_n(rest.data(), n - i, x + i);
}

void add_column_sums(In a, Gradient row) {
  constexpr Index at_once = 64, rows_at_once = 16;
  const Index whole = a.cols() / at_once * at_once, rest = a.cols() - whole;
  row.zeroed();  // of (N), (1,N) or (N,1)
  const double work = double(a.rows()) * double(a.cols());
  chunked(whole, at_once, work, [&](Index col, Index) {
    Eigen::Array<double, 1, at_once> total = Eigen::Array<double, 1, at_once>::Zero();
    for (Index begin = 0; begin < a.rows(); begin += rows_at_once) {
      Eigen::Array<Scalar, 1, at_once> part = a.block<1, at_once>(begin, col);
      for (Index i = begin + 1; i < std::min(begin + rows_at_once, a.rows()); ++i)
        part += a.block<1, at_once>(i, col).array();
      total += part.cast<double>();
    }
    Eigen::Map<Eigen::Array<Scalar, 1, at_once>>(row.sum().data() + col) += total.cast<Scalar>();
  });
  for (Index col = whole; col < whole + rest; ++col)
    row.sum().data()[col] += static_cast<Scalar>(a.col(col).cast<double>().sum());
}

void for_each_chunk(Index n, double cost, const std::function<void(Index, Index)>& work) {
  const Index chunk =
      std::max<Index>(1, static_cast<Index>(kParallelWork / 8 / std::max(cost, 1.0)));
  chunked(n, chunk, cost * double(n), work);
}

}  // namespace autograd::inline LOWRANK_PRECISION::kernels
