#pragma once

#include <span>
#include <vector>

#include "autograd/random.h"
#include "autograd/tape.h"

/// The operations. Each function checks the shapes of its inputs (ShapeError names the operation
/// and the shapes) and records one op; the op itself, with its formula, forward and backward, is in
/// the ops_*.cpp file named at the head of each group. Shapes are those of the folded matrices: M
/// rows, N columns. There is no implicit broadcasting: where a row is added to every row, the name
/// says so.
namespace autograd::inline LOWRANK_PRECISION {

// ---- ops_linear.cpp ----------------------------------------------------------------------------
// The letters after a product's name, as in BLAS: n is an operand as it is, t one transposed.
Var matmul(Var a, Var b);                ///< a b,   (M,K) (K,N) -> (M,N)
Var matmul_nt(Var a, Var b);             ///< a bᵀ,  (..,K) (N,K) -> (..,N)
Var matmul_tn(Var a, Var b);             ///< aᵀ b,  (K,M) (K,N) -> (M,N)
Var add_matmul_nt(Var c, Var a, Var b);  ///< c + a bᵀ,  (M,N) (M,K) (N,K) -> (M,N)
Var affine(Var x, Var w, Var b);         ///< x wᵀ + b, (..,K) (N,K) (N) -> (..,N)
Var transpose(Var x);                    ///< (M,N) -> (N,M)

// ---- ops_elementwise.cpp -----------------------------------------------------------------------
Var add(Var x, Var z);             ///< x + z, equal shapes
Var subtract(Var x, Var z);        ///< x - z
Var multiply(Var x, Var z);        ///< x ∘ z
Var divide(Var x, Var z);          ///< x / z, element by element
Var scale(Var x, double s);        ///< s x
Var negate(Var x);                 ///< -x
Var add_row(Var x, Var row);       ///< adds row (N) to each of the M rows of x
Var multiply_row(Var x, Var row);  ///< multiplies each of the M rows of x by row (N)

// The same as in a formula: a * b + c is element by element, as in NumPy and PyTorch.
inline Var operator+(Var x, Var z) { return add(x, z); }
inline Var operator-(Var x, Var z) { return subtract(x, z); }
inline Var operator*(Var x, Var z) { return multiply(x, z); }
inline Var operator*(double s, Var x) { return scale(x, s); }
inline Var operator/(Var x, Var z) { return divide(x, z); }
inline Var operator-(Var x) { return negate(x); }

// ---- ops_functions.cpp -------------------------------------------------------------------------
Var exp(Var x);
Var log(Var x);
Var sqrt(Var x);
Var tanh(Var x);
Var sigmoid(Var x);
Var relu(Var x);  ///< max(x, 0), with derivative 0 at 0
enum class Gelu { erf, tanh };
Var gelu(Var x, Gelu form = Gelu::erf);  ///< x Φ(x); `tanh` is GPT-2's approximation of it

// ---- ops_reduce.cpp ----------------------------------------------------------------------------
enum class Over {
  all,          ///< -> (1)
  each_row,     ///< -> (M,1)
  each_column,  ///< -> (1,N)
};
Var sum(Var x, Over over = Over::all);
Var mean(Var x, Over over = Over::all);

// ---- ops_softmax.cpp ---------------------------------------------------------------------------
Var softmax(Var x);      ///< over each row
Var log_softmax(Var x);  ///< over each row

// ---- ops_norm.cpp ------------------------------------------------------------------------------
/// Each row to mean 0 and variance 1, times weight (N), plus bias (N). Ba et al. 2016.
Var layernorm(Var x, Var weight, Var bias, double eps = 1e-5);

/// Zeroes each element with probability p in [0, 1) and divides the rest by 1 - p. The draws are
/// taken from `random`, which is not kept.
Var dropout(Var x, double p, Random& random);

// ---- ops_shape.cpp -----------------------------------------------------------------------------
Var reshape(Var x, Shape shape);                  ///< the same elements in row-major order
Var slice_rows(Var x, Index begin, Index count);  ///< (M,N) -> (count,N)
Var slice_cols(Var x, Index begin, Index count);  ///< (M,N) -> (M,count)
Var concat_rows(std::span<const Var> parts);      ///< one under the other
Var concat_cols(std::span<const Var> parts);      ///< side by side
/// Row ids[i] of x (M,C), an embedding table or activations, is row i of the result (n,C).
Var take_rows(Var x, std::span<const int> ids);
/// Element (i, index[i]) of x (M,N) becomes element i of the result (M,1).
Var gather(Var x, std::span<const int> index);

// ---- ops_attention.cpp -------------------------------------------------------------------------
struct AttentionSpec {
  Index heads = 1;
  bool causal = true;  ///< query i of Tq sees keys 0 .. i + Tk - Tq
  /// (B,Tk) row-major, 1 where the key counts and 0 where it is padding; empty: all count.
  std::vector<unsigned char> key_mask;
};
/// softmax(q kᵀ / √hs) v for each batch row and head; q (B,Tq,C), k and v (B,Tk,C) -> (B,Tq,C),
/// with hs = C / heads. A query that may see no key at all gets zeros. Vaswani et al. 2017. Keys
/// and values that a query may not see have no influence on it as long as they are finite: 0 times
/// a NaN or an infinity is a NaN, as in PyTorch.
Var attention(Var q, Var k, Var v, const AttentionSpec& spec);

/// 1 where query i of batch row b may see key j, else 0: (Tq,Tk).
Tensor visible_keys(const AttentionSpec& spec, Index b, Index Tq, Index Tk);

/// The same by the formula: one head of one batch row at a time, in a dozen of the operations
/// above. For reading, and to compare the fast one with.
Var attention_textbook(Var q, Var k, Var v, const AttentionSpec& spec);

// ---- ops_loss.cpp ------------------------------------------------------------------------------
struct CrossEntropySpec {
  std::vector<int> targets;     ///< (M) class of each row, 0 .. V-1
  std::vector<Scalar> weights;  ///< (M), not negative; empty: all 1
  int ignore_index = -1;        ///< rows with this target count with weight 0
  double label_smoothing = 0;   ///< ε: the target distribution is (1-ε) onehot + ε/V
};
/// Σ_i w_i nll_i / Σ_i w_i over the rows of logits (M,V) -> (1). Throws std::invalid_argument where
/// the weights sum to zero or a target is out of range.
Var cross_entropy(Var logits, CrossEntropySpec spec);

/// Mean over the rows of KL(p ‖ q) = Σ_j p_j (log p_j - log q_j), where p = softmax(p_logits) and
/// q = softmax(q_logits), both (M,V) -> (1). A class that p rules out (logit -infinity) adds 0.
Var kl_divergence(Var p_logits, Var q_logits);

Var mean_squared_error(Var x, Var z);  ///< mean of (x - z)², equal shapes -> (1)

}  // namespace autograd::inline LOWRANK_PRECISION
