#pragma once

#include <vector>

#include "lora/lora_linear.h"

/// LoRA on rows of one matrix, as on q and v of the c_attn of GPT-2.
namespace lora::inline LOWRANK_PRECISION {

/// A change s B A of some rows.
struct Piece {
  Index begin = 0;  ///< the first of them
  nn::Matrix A, B;  ///< (r,in), (rows,r)
  double scale = 0;
};

struct JoinedPieces {
  Tensor A, B;  ///< (r',in), (out,r')
  double scale = 0;
};

/// One change of the whole matrix (out,in) that makes those of all pieces, with the sum r' of their
/// ranks: A has their A, one below the other, and B has each B in its own rows and columns, so that
///   s B A = the sᵢ Bᵢ Aᵢ, each in its rows,   s = the sᵢ of largest size,
/// and where an sᵢ is another one, its B is multiplied by sᵢ/s.
JoinedPieces join(const std::vector<Piece>& pieces, Index out);

}  // namespace lora::inline LOWRANK_PRECISION
