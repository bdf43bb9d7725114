#pragma once

#include <functional>

#include "autograd/gradient.h"

namespace autograd::inline LOWRANK_PRECISION {
struct Gemm;  // gemm.h
}

/// The products that ops are made of, computed by gemm, and the only code that starts threads. It
/// is compiled with -O3 in Debug builds too: a product at -O0 takes a hundred times as long.
///
/// Work is cut into chunks whose size depends on the problem and never on the number of threads;
/// each element of a result is computed inside one chunk, in one order. So the bits are the same
/// for any number of threads.
namespace autograd::inline LOWRANK_PRECISION::kernels {

/// A matrix or a block of one.
using In = const Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>&;
using Out = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;

/// c = scale * a b, with a (M,K), b (K,N), c (M,N). Returns the flops, 2 M N K, as all products do.
double matmul_nn(In a, In b, Out c, Scalar scale = 1);
/// c = scale * a bᵀ, with a (M,K), b (N,K), c (M,N).
double matmul_nt(In a, In b, Out c, Scalar scale = 1);
/// c = scale * aᵀ b, with a (K,M), b (K,N), c (M,N).
double matmul_tn(In a, In b, Out c, Scalar scale = 1);

/// c += scale * a b, and so on, onto a gradient.
double add_matmul_nn(In a, In b, Gradient c, Scalar scale = 1);
double add_matmul_nt(In a, In b, Gradient c, Scalar scale = 1);
double add_matmul_tn(In a, In b, Gradient c, Scalar scale = 1);

/// c = a bᵀ with `row` (1,N) added to every row.
double affine(In a, In b, In row, Out c);
/// c = c0 + a bᵀ.
double sum_matmul_nt(In c0, In a, In b, Out c);

/// The whole product `all` in chunks, each computed by `compute`: what the functions above do with
/// gemm. Here to be measured with another.
double in_chunks(const Gemm& all, void (&compute)(const Gemm&));

/// c = a + b and c += a, element by element.
void sum(In a, In b, Out c);
void add(In a, Gradient c);

/// row (N) += Σ_i a_i over the rows of a (M,N). Sixteen rows at a time are added as they are, and
/// those sums in double: a float sum of a million equal numbers is 1 % off.
void add_column_sums(In a, Gradient row);

/// x = exp(x) of n numbers side by side, with the same digits wherever one stands: Eigen has another
/// function for what does not fill a vector.
void exp(Scalar* x, Index n);

/// What one element costs, in floating-point operations as fast as those of a product. Only whether
/// and where work is cut depends on them, never a result.
namespace cost {
constexpr double moved = 16;  ///< with little done to it: waiting for memory takes as long
constexpr double a_few = 6;   ///< sums and products of numbers that are there
constexpr double norm = 16;
constexpr double exp = 20;
constexpr double erf = 30;
constexpr double erf_and_exp = 50;
}  // namespace cost

/// Calls work(begin, end) for consecutive chunks of 0..n-1, in parallel where `cost` (roughly the
/// floating-point operations for one of the n) makes threads worth their start.
void for_each_chunk(Index n, double cost, const std::function<void(Index begin, Index end)>& work);

/// Calls work(i) for every row i of x, whose elements cost as much each; the same way.
template <class Work>
void for_each_row(const Matrix& x, double cost_of_element, const Work& work) {
  for_each_chunk(x.rows(), cost_of_element * double(x.cols()), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) work(i);
  });
}

}  // namespace autograd::inline LOWRANK_PRECISION::kernels
