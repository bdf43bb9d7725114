#pragma once

#include <vector>

#include "lora/methods/trained_rows.h"

namespace lora::inline LOWRANK_PRECISION {

/// One direction of a long short-term memory (Hochreiter and Schmidhuber 1997; the forget gate is
/// Gers et al.'s, 2000), over the rows of one sequence.
struct Lstm final : nn::Module {
  nn::Linear input;     // (4h,in) with bias: the gates i, f, g, o under each other
  Parameter recurrent;  // (4h,h)
  bool backwards;       // from the last row to the first

  Lstm(Index in, Index h, bool backwards, std::uint64_t seed, const std::string& name);

  Index h() const { return recurrent.value.cols(); }
  Var forward(const Pass& pass, Var x);  ///< (P,in) -> (P,h), h_t in row t
  void visit(const std::string& prefix, const Visitor& fn) override;
};

/// A prefix made by an encoder: trained inputs pass through a bidirectional LSTM and a two-layer
/// perceptron, so that the rows depend on each other. P-tuning, Liu et al. 2021, section 3.2; their
/// rows stand in a template, these before the sequence.
///   s_t = [forward LSTM; backward LSTM] of the inputs at t,   row_t = W2 relu(W1 s_t + b1) + b2
struct PromptEncoder final : nn::Prefix {
  Parameter inputs;  // (P,C)
  Lstm left_to_right, right_to_left;
  nn::Linear up, out;  // (C,2h), (C,C)

  PromptEncoder(Index P, Index C, std::uint64_t seed);

  Index length() const override { return inputs.value.rows(); }
  std::optional<Var> rows(const Pass& pass, Index layer) override;
  void visit(const std::string& prefix, const Visitor& fn) override;
};

}  // namespace lora::inline LOWRANK_PRECISION
