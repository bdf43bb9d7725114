#pragma once

#include "autograd/tape.h"

/// The operations that models beside the decoder are made of. Shapes, errors and style are those of
/// ops.h: M rows, and each row is by itself.
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

}  // namespace autograd::inline LOWRANK_PRECISION
