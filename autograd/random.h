#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "autograd/tensor.h"

namespace autograd::inline LOWRANK_PRECISION {

/// A stream of random numbers named by (seed, path), for example (7, "blocks.0.attn.q.lora_A.r4")
/// or (7, "data.nli.train"): adding a draw to one stream moves nothing in another. Same numbers on
/// every platform, which the distributions of <random> do not promise; normal() up to the last bits
/// of the platform's log1p and cos.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view path);

  std::uint64_t next();                  ///< 64 uniform bits (SplitMix64)
  double uniform();                      ///< in [0, 1), a multiple of 2^-53
  double normal();                       ///< N(0, 1), Box-Muller
  std::uint64_t below(std::uint64_t n);  ///< uniform in 0..n-1 without bias; n >= 1
  bool chance(double p) { return uniform() < p; }

  /// A uniformly random order of 0..n-1 (Fisher-Yates).
  std::vector<int> permutation(int n);

  /// Fisher-Yates in place.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  Tensor normal(Shape shape, double stddev);             ///< independent N(0, stddev^2)
  Tensor uniform(Shape shape, double low, double high);  ///< independent U[low, high)

 private:
  std::uint64_t state_;
};

/// The hash that turns a path into part of a stream's state: FNV-1a, 64 bits.
std::uint64_t fnv1a(std::string_view text);

/// SplitMix64's output function: a bijection of 64 bits; every input bit moves every output bit.
std::uint64_t mix64(std::uint64_t x);

}  // namespace autograd::inline LOWRANK_PRECISION
