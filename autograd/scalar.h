#pragma once

#include <Eigen/Core>
#include <cmath>

// NaN tests, the order of sums and the sign of zero all matter here.
#if defined(__FAST_MATH__) || defined(_M_FP_FAST)
#error "lowrank must not be compiled with -ffast-math: it removes NaN checks and reorders sums"
#endif

// autograd, nn and lora are compiled twice, in float (what runs) and in double (what gradient
// checks link). The inline namespace makes mixing the two a link error; it never has to be written.
// Read "namespace autograd::inline LOWRANK_PRECISION" as "namespace autograd".
#ifdef LOWRANK_DOUBLE
#define LOWRANK_PRECISION f64
#else
#define LOWRANK_PRECISION f32
#endif

namespace autograd::inline LOWRANK_PRECISION {

#ifdef LOWRANK_DOUBLE
using Scalar = double;
#else
using Scalar = float;
#endif

using Index = Eigen::Index;
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// √x and tanh x of each element, exactly: by the standard library. Eigen's forms start from an
/// approximate instruction, whose digits each maker of processors chooses, and its tanh does not
/// reach 1 on some.
template <class X>
auto exact_sqrt(const Eigen::ArrayBase<X>& x) {
  return x.derived().unaryExpr([](Scalar e) { return std::sqrt(e); });
}
template <class X>
auto exact_tanh(const Eigen::ArrayBase<X>& x) {
  return x.derived().unaryExpr([](Scalar e) { return std::tanh(e); });
}

}  // namespace autograd::inline LOWRANK_PRECISION
