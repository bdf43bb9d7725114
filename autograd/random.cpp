#include "autograd/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace autograd::inline LOWRANK_PRECISION {

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Both halves of the name are mixed before they meet, so that (1, "a") and (2, "b") cannot cancel.
Random::Random(std::uint64_t seed, std::string_view path)
    : state_(mix64(mix64(seed + 0x9e3779b97f4a7c15u) ^ fnv1a(path))) {}

std::uint64_t Random::next() { return mix64(state_ += 0x9e3779b97f4a7c15u); }

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));  // log of (0, 1]
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t Random::below(std::uint64_t n) {
  // The last, incomplete block of n values is drawn again.
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % n;
  std::uint64_t x = next();
  while (x >= limit) x = next();
  return x % n;
}

std::vector<int> Random::permutation(int n) {
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  shuffle(std::span(order));
  return order;
}

Tensor Random::normal(Shape shape, double stddev) {
  Tensor t(shape);
  for (Scalar& x : t.m.reshaped<Eigen::RowMajor>()) x = static_cast<Scalar>(stddev * normal());
  return t;
}

Tensor Random::uniform(Shape shape, double low, double high) {
  Tensor t(shape);
  for (Scalar& x : t.m.reshaped<Eigen::RowMajor>())
    x = static_cast<Scalar>(low + (high - low) * uniform());
  return t;
}

}  // namespace autograd::inline LOWRANK_PRECISION
