#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "autograd/half.h"
#include "autograd/tape.h"

/// The operations of models beside the decoder. Shapes, errors and style are those of ops.h: M rows,
/// N columns, and no implicit broadcasting.
namespace autograd::inline LOWRANK_PRECISION {

// ---- recurrent networks ------------------------------------------------------------------------
// One step without its products. Pre-activations stand side by side, each H wide, in PyTorch's
// order.

/// The cell of an LSTM with the gates (M,4H), i f g o, from the cell c (M,H) before it: σ(f) ∘ c +
/// σ(i) ∘ tanh(g), (M,H). Hochreiter & Schmidhuber 1997, with Gers et al. 2000's forget gate.
Var lstm_cell(Var gates, Var c);
/// The state h = σ(o) ∘ tanh(c) (M,H), with the same gates (M,4H) and the cell c (M,H) of lstm_cell.
Var lstm_output(Var gates, Var c);

/// The state of a GRU after a step from h (M,H), where x (M,3H) is r z n of the input's product and
/// u (M,3H) of h's: r = σ(x_r + u_r), z = σ(x_z + u_z), n = tanh(x_n + r ∘ u_n), and the result (1 -
/// z) ∘ n + z ∘ h. Cho et al. 2014, with u_n's bias inside the product with r, as cuDNN and PyTorch.
Var gru_step(Var x, Var u, Var h);

// ---- transformers ------------------------------------------------------------------------------
Var silu(Var x);  ///< x σ(x), also called swish. Elfwing et al. 2017

/// Each row by its root mean square: x / √(mean(x²) + ε), times weight (N). Zhang & Sennrich 2019.
Var rms_norm(Var x, Var weight, double eps);

struct RotarySpec {
  Index heads = 1;
  std::vector<double> frequencies;  ///< θ_j, (hs/2): radians for each position
  Index first_position = 0;         ///< that of the first of the T positions
};
/// Turns feature j of each head with feature j + hs/2 by the angle position · θ_j: x (B,T,C) ->
/// (B,T,C), with hs = C / heads. Su et al. 2021, in halves as LLaMA has it.
Var rotary(Var x, const RotarySpec& spec);

/// Each of the `heads` blocks of columns `times` times, one beside the other: (..,C) -> (..,times
/// C). So that query heads can share keys and values. Ainslie et al. 2023.
Var repeat_heads(Var x, Index heads, Index times);

struct DisentangledSpec {
  Index heads = 1;
  double scale = 1;                      ///< of the sum of the parts
  std::vector<unsigned char> mask = {};  ///< (B,T), 0 where a position is padding; empty: none is
  /// The row of the positions' tables for i - j = -(T-1) .. T-1, (2T-1).
  std::vector<int> row_of_distance = {};
};
/// Attention with content and position apart, He et al. 2021 (DeBERTa): a query at i and a key at j
/// score
///   scale (q_i · k_j  +  q_i · pos_k[row(i-j)]  +  k_j · pos_q[row(i-j)])
/// in each head; q, k, v (B,T,C), pos_k and pos_q (R,C), each of which may be missing -> (B,T,C).
/// A position that is padding sees nothing and gets zeros.
Var disentangled_attention(Var q, Var k, Var v, std::optional<Var> pos_k, std::optional<Var> pos_q,
                           const DisentangledSpec& spec);

/// The `kernel` neighbours of each position, itself in the middle, zeros beyond the ends: x (B,T,C)
/// -> (B,T,C kernel), feature c of neighbour o in column c kernel + o. A product with weights
/// (out, C kernel) is then a convolution over time. `kernel` is odd.
Var unfold(Var x, Index kernel);

// ---- frozen weights in 16 bits -----------------------------------------------------------------

/// x wᵀ + b: x (..,K), w (N,K), b (N) or none -> (..,N). w becomes floats a tile of rows at a time,
/// so that beside its 16 bits an element there is one tile in memory; it has no gradient. Bit for bit
/// what affine and matmul_nt are of w.tensor(), but for LOWRANK_BLAS, whose sums depend on how a
/// product is cut.
Var affine_half(Var x, std::shared_ptr<const HalfMatrix> w, std::optional<Var> b = {});

}  // namespace autograd::inline LOWRANK_PRECISION
