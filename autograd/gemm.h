#pragma once

#include "autograd/scalar.h"

/// The product of two matrices on one thread. Threads, and the choice of a BLAS instead, are in
/// kernels.cpp.
namespace autograd::inline AUTOGRAD_PRECISION {

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
void gemm(const Gemm& g);

}  // namespace autograd::inline AUTOGRAD_PRECISION
