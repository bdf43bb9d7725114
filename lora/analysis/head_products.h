#pragma once

#include <vector>

#include "lora/analysis/linear_algebra.h"
#include "nn/transformer.h"

/// The products of attention's matrices that its outputs determine. For a head with W_Q, W_K, W_V
/// (hs,C) and W_O (C,hs), and any invertible G (hs,hs),
///
///   (G W_Q)ᵀ (G⁻ᵀ W_K) = W_Qᵀ W_K        (W_O G⁻¹) (G W_V) = W_O W_V:
///
/// the single matrices can be anything that gives these products, so what two training runs have in
/// common is asked of the products. A score is x_iᵀ W_Qᵀ W_K x_j / √hs plus terms of the biases, of
/// which those that are constant over the keys j cancel in the softmax.
namespace lora::inline LOWRANK_PRECISION {

struct HeadProducts {
  MatrixXd qk;  ///< W_Qᵀ W_K (C,C), of rank hs at most
  MatrixXd ov;  ///< W_O W_V (C,C), of rank hs at most
};

/// The weight (out,in) that a projection applies: of a Linear its own, of a LoraLinear W0 + s B A,
/// merged or not. Throws std::invalid_argument for another projection.
MatrixXd effective_weight(const nn::Projection& projection);

/// For each head, with the weights as they are applied.
std::vector<HeadProducts> head_products(const nn::Attention& attention);

/// For each head the products of `tuned` minus those of `base`: what the adaptation changed. Throws
/// std::invalid_argument where the two differ in heads or width.
std::vector<HeadProducts> head_changes(const nn::Attention& tuned, const nn::Attention& base);

}  // namespace lora::inline LOWRANK_PRECISION
