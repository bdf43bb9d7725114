#pragma once

#include "autograd/scalar.h"

/// The product of two matrices on one thread: our own, and OpenBLAS's where it is built in. Threads
/// are in kernels.cpp.
namespace autograd::inline LOWRANK_PRECISION {

/// A matrix whose element (i, j) lies at data[i * row + j * col]. A transpose swaps the strides.
struct Strided {
  const Scalar* data;
  Index row, col;
};

/// c (M,N) = start + scale a b, with a (M,K) and b (K,N); one stride of b is 1.
struct Gemm {
  Index M, N, K;
  Strided a, b;
  Scalar* c;
  Index c_row;  ///< from one row of c to the next
  Scalar scale;
  const Scalar* start;  ///< (M,N), perhaps c itself; null stands for zeros
  Index start_row;      ///< from one row of it to the next; 0 where it is one row for all
};

/// Each element of c is one sum in the order of k, cut into blocks of a fixed length: its bits
/// depend on its row of a, its column of b and nothing else, not on M, N or which part of a larger
/// matrix this is.
void gemm_tiles(const Gemm& g);

/// OpenBLAS's. Its bits depend on all of `g` but where things lie: the same part of a product has
/// the same bits on any thread, another part of it may have others. Where LOWRANK_BLAS is not
/// defined there is none.
void gemm_blas(const Gemm& g);

/// What every product here is computed by, and its name.
#ifdef LOWRANK_BLAS
inline void gemm(const Gemm& g) { gemm_blas(g); }
inline constexpr const char* gemm_name = "OpenBLAS";
#else
inline void gemm(const Gemm& g) { gemm_tiles(g); }
inline constexpr const char* gemm_name = "tiles";
#endif

}  // namespace autograd::inline LOWRANK_PRECISION
