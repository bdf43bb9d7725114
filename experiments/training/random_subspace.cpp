#include "experiments/training/random_subspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace experiments::training {

using nn::Scalar;

void hadamard(std::vector<Scalar>& x) {
  for (std::size_t half = 1; half < x.size(); half *= 2) {
    for (std::size_t begin = 0; begin < x.size(); begin += 2 * half) {
      Scalar* a = x.data() + begin;
      Scalar* b = a + half;
      for (std::size_t i = 0; i < half; ++i) {
        const Scalar sum = a[i] + b[i], minus = a[i] - b[i];
        a[i] = sum;
        b[i] = minus;
      }
    }
  }
}

RandomProjection::RandomProjection(nn::Index D, nn::Index d, std::uint64_t seed)
    : D_(static_cast<std::size_t>(D)), d_(static_cast<std::size_t>(d)) {
  if (d < 1 || d > D)
    throw std::invalid_argument(fmt::format("a subspace of {} dimensions in {}", d, D));
  small_ = std::bit_ceil(d_);
  large_ = std::bit_ceil(D_);
  nn::Random random(seed, fmt::format("subspace.d{}", d));
  for (std::size_t i = 0; i < d_; ++i)
    signs_.push_back(random.chance(0.5) ? Scalar(1) : Scalar(-1));
  for (const int place : random.permutation(static_cast<int>(large_)))
    from_.push_back(static_cast<std::size_t>(place) % small_);
  double squares = 0;
  for (std::size_t i = 0; i < large_; ++i) {
    const double g = random.normal();
    squares += g * g;
    gauss_.push_back(static_cast<Scalar>(g));
  }
  // Before H a column's squares add up to Σ g², after it to N Σ g², of which D / N are kept.
  const double s = 1 / std::sqrt(static_cast<double>(D_) * squares);
  for (Scalar& g : gauss_) g *= static_cast<Scalar>(s);
}

std::vector<Scalar> RandomProjection::apply(const std::vector<Scalar>& x) const {
  std::vector<Scalar> small(small_, 0), large(large_);
  for (std::size_t i = 0; i < d_; ++i) small[i] = signs_[i] * x.at(i);
  hadamard(small);
  for (std::size_t i = 0; i < large_; ++i) large[i] = gauss_[i] * small[from_[i]];
  hadamard(large);
  large.resize(D_);
  return large;
}

// The same factors in the opposite order.
std::vector<Scalar> RandomProjection::apply_transposed(const std::vector<Scalar>& y) const {
  std::vector<Scalar> small(small_, 0), large(y);
  large.resize(large_, 0);
  hadamard(large);
  for (std::size_t i = 0; i < large_; ++i) small[from_[i]] += gauss_[i] * large[i];
  hadamard(small);
  small.resize(d_);
  for (std::size_t i = 0; i < d_; ++i) small[i] *= signs_[i];
  return small;
}

Subspace::Subspace(nn::Module& model, nn::Index d, std::uint64_t seed)
    : parameters_(nn::parameters(model)), P_(nn::count(parameters_), d, seed) {
  for (const nn::Parameter* p : parameters_) {
    if (!p->trainable) throw std::invalid_argument(p->name + " is frozen, not in a subspace");
    start_.insert(start_.end(), p->value.m.data(), p->value.m.data() + p->value.m.size());
  }
  coordinates_.name = "subspace.coordinates";
  coordinates_.value = nn::Tensor({d});
}

void Subspace::take_gradient() {
  std::vector<Scalar> g;
  g.reserve(start_.size());
  for (nn::Parameter* p : parameters_) {
    if (p->grad.empty()) {
      g.insert(g.end(), static_cast<std::size_t>(p->value.m.size()), Scalar(0));
      continue;
    }
    g.insert(g.end(), p->grad.m.data(), p->grad.m.data() + p->grad.m.size());
    p->zero_grad();
  }
  const std::vector<Scalar> projected = P_.apply_transposed(g);
  std::copy(projected.begin(), projected.end(), coordinates_.grad_to_add().m.data());
}

void Subspace::move_model() {
  const Scalar* at = coordinates_.value.m.data();
  const std::vector<Scalar> change = P_.apply({at, at + coordinates_.value.m.size()});
  std::size_t i = 0;
  for (nn::Parameter* p : parameters_) {
    for (Scalar& x : p->value.m.reshaped<Eigen::RowMajor>()) x = start_[i] + change[i], ++i;
    ++p->version;
  }
}

void Subspace::visit(const std::string& prefix, const Visitor& fn) {
  fn(nn::join(prefix, "coordinates"), coordinates_);
}

}  // namespace experiments::training
