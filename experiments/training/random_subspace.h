#pragma once

#include <vector>

#include "experiments/namespaces.h"
#include "nn/module.h"

namespace experiments::training {

/// A fixed random linear map P from R^d to R^D whose columns are about orthonormal, without a
/// matrix: Fastfood (Le et al. 2013), as in Aghajanyan et al. 2020. With N the next power of two
/// above D and d' that above d,
///
///   P x = the first D elements of  s H G Π T H' S x
///
/// S random signs, H' and H the Hadamard matrices of sizes d' and N, T repeats its d' inputs until
/// there are N (which is H on zero-padded input), Π a random order, G independent N(0, 1) on the
/// diagonal. A product costs N log N additions, where a dense P would cost D d and hold D d
/// numbers.
class RandomProjection {
 public:
  /// The draws come from the stream (seed, "subspace.d<d>"). Throws std::invalid_argument unless
  /// 1 <= d <= D.
  RandomProjection(nn::Index D, nn::Index d, std::uint64_t seed);

  /// P x, D numbers from d.
  std::vector<nn::Scalar> apply(const std::vector<nn::Scalar>& x) const;
  /// Pᵀ y, d numbers from D.
  std::vector<nn::Scalar> apply_transposed(const std::vector<nn::Scalar>& y) const;

 private:
  std::size_t D_, d_, small_, large_;  // d' and N
  std::vector<nn::Scalar> signs_;      // (d), S
  std::vector<std::size_t> from_;      // (N), T and Π together: which of the d' comes here
  std::vector<nn::Scalar> gauss_;      // (N), s G
};

/// x ← H x with H the Hadamard matrix of size n = x.size(), a power of two: H_1 = 1 and H_2n =
/// [[H_n, H_n], [H_n, -H_n]]. Its own transpose, and H H = n I.
void hadamard(std::vector<nn::Scalar>& x);

/// A model whose D parameters move in d dimensions: θ = θ0 + P θ_d (Li et al. 2018). The gradient
/// by θ_d is Pᵀ g with g the gradient by θ. Its one parameter is θ_d, zero at the start.
class Subspace final : public nn::Module {
 public:
  /// All of the model's parameters must be trainable; the model must outlive this.
  Subspace(nn::Module& model, nn::Index d, std::uint64_t seed);

  /// Makes the model's gradient that of θ_d and empties the model's. A parameter that nothing
  /// flowed back to counts as zero.
  void take_gradient();
  /// θ = θ0 + P θ_d.
  void move_model();

  void visit(const std::string& prefix, const Visitor& fn) override;

 private:
  std::vector<nn::Parameter*> parameters_;
  std::vector<nn::Scalar> start_;  // θ0
  RandomProjection P_;
  nn::Parameter coordinates_;  // θ_d
};

}  // namespace experiments::training
