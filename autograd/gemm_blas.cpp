#include <cblas.h>

#include <algorithm>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "autograd/gemm.h"

namespace autograd::inline LOWRANK_PRECISION {

namespace {

#ifdef LOWRANK_DOUBLE
constexpr auto& cblas_gemm = cblas_dgemm;
#else
constexpr auto& cblas_gemm = cblas_sgemm;
#endif

// OpenBLAS would cut a product among threads of its own, another cut for another number of them,
// and its bits depend on the cut. The threads are ours (kernels.cpp), so here it gets one. That
// holds for each of its builds: Debian's pthread, openmp and serial variants are one library to the
// linker, and which of them is loaded is the machine's choice. The openmp one also sets the
// caller's number of OpenMP threads, which is given back.
bool use_one_thread() {
#ifdef _OPENMP
  const int ours = omp_get_max_threads();
#endif
  openblas_set_num_threads(1);
#ifdef _OPENMP
  omp_set_num_threads(ours);
#endif
  return true;
}

// A matrix as BLAS wants it: rows that lie `ld` apart, of itself or of its transpose. Where there
// is one row its stride says nothing, but BLAS refuses one that is shorter than the row.
struct Operand {
  CBLAS_TRANSPOSE as;
  blasint ld;
};

Operand operand(const Strided& m, Index rows, Index cols) {
  return m.col == 1 ? Operand{CblasNoTrans, static_cast<blasint>(std::max<Index>({m.row, cols, 1}))}
                    : Operand{CblasTrans, static_cast<blasint>(std::max<Index>({m.col, rows, 1}))};
}

}  // namespace

void gemm_blas(const Gemm& g) {
  [[maybe_unused]] static const bool once = use_one_thread();
  const bool in_place = g.start == g.c && g.start_row == g.c_row;
  if (g.start && !in_place)
    for (Index i = 0; i < g.M; ++i) std::copy_n(g.start + i * g.start_row, g.N, g.c + i * g.c_row);
  const Operand a = operand(g.a, g.M, g.K), b = operand(g.b, g.K, g.N);
  const auto M = static_cast<blasint>(g.M), N = static_cast<blasint>(g.N),
             K = static_cast<blasint>(g.K), ld = static_cast<blasint>(std::max(g.c_row, g.N));
  const Scalar add = g.start ? 1 : 0;
  cblas_gemm(CblasRowMajor, a.as, b.as, M, N, K, g.scale, g.a.data, a.ld, g.b.data, b.ld, add, g.c,
             ld);
}

}  // namespace autograd::inline LOWRANK_PRECISION
