#pragma once

#include <span>
#include <vector>

#include "nn/module.h"

namespace nn::inline LOWRANK_PRECISION {

/// Token ids of B rows of T positions, row after row. Position t of row b has the number b*T + t.
struct Tokens {
  Index B = 0, T = 0;
  std::span<const int> ids;
  std::vector<unsigned char> mask = {};  ///< (B,T), 0 where an id is padding; empty: none is
};

/// What training, scoring, generation and the experiments need of a model beside its parameters and
/// slots. Whoever needs only those, as LoRA and its files do, asks for a Module.
struct Model : Module {
  virtual Index vocabulary() const = 0;  ///< V: ids and targets are 0 .. V-1
  virtual Index context() const = 0;     ///< the longest T

  /// The logits (n,V) at n positions, in the order in which they are asked for. A model need not
  /// compute what no wanted position depends on. Throws as check_tokens().
  virtual Var logits(const Pass& pass, const Tokens& tokens, std::span<const int> positions) = 0;
};

/// 0 .. B*T-1: the numbers of all positions.
std::vector<int> all_positions(const Tokens& tokens);

/// Throws std::invalid_argument where T is longer than the context or a position is not in 0 ..
/// B*T-1, autograd::ShapeError where there are not B*T ids.
void check_tokens(const Tokens& tokens, Index context, std::span<const int> positions = {});

}  // namespace nn::inline LOWRANK_PRECISION
