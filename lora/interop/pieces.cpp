#include "lora/interop/pieces.h"

#include <cmath>

namespace lora::inline LOWRANK_PRECISION {

JoinedPieces join(const std::vector<Piece>& pieces, Index out) {
  Index rank = 0;
  double s = 0;
  for (const Piece& piece : pieces) {
    rank += piece.A.rows();
    if (std::abs(piece.scale) > std::abs(s)) s = piece.scale;
  }
  JoinedPieces joined{Tensor({rank, pieces.front().A.cols()}), Tensor({out, rank}), s};
  Index at = 0;
  for (const Piece& piece : pieces) {
    const Index r = piece.A.rows();
    const auto ratio = static_cast<nn::Scalar>(s == 0 ? 1 : piece.scale / s);
    joined.A.m.middleRows(at, r) = piece.A;
    joined.B.m.block(piece.begin, at, piece.B.rows(), r) = ratio * piece.B;
    at += r;
  }
  return joined;
}

}  // namespace lora::inline LOWRANK_PRECISION
