#pragma once

#include <string>
#include <vector>

#include "experiments/evidence/text.h"
#include "experiments/training/cell.h"
#include "experiments/training/pretrain.h"

/// The words in which a traced step is printed: names, headings, and what each operation does.
namespace experiments::cli {

/// What one operation does, as formulas in which $y is the node's own value and $0, $1, ... are its
/// inputs.
struct OpText {
  std::string forward;
  std::vector<std::string> backward;  ///< what is added to the gradient of each input
  std::string note = {};              ///< what the formulas of `backward` abbreviate
};

/// The operation `op` whose value is called `value`, which tells apart the uses of one operation.
/// Throws std::logic_error for an operation that no decoder records without dropout.
OpText words_of(const std::string& op, const std::string& value, const Cell& cell,
                const nn::DecoderConfig& config);

/// "blocks.0.attn.q.base.weight" is the symbol W of the part attn.q.base.
std::string symbol_of(const std::string& parameter);
std::string part_of(const std::string& parameter);

/// What the value of an operation on a parameter is called: "q.base", "ln1", "tok", "logits". The
/// products of a LoRA layer on q are q.a = x Aᵀ and q itself.
std::string value_named_after(const std::string& parameter, const std::string& op);

/// The sections of a decoder's step: the input, two for each block, the output.
int section_number(const std::string& parameter, const nn::DecoderConfig& config);
std::string section_title(int section, const nn::DecoderConfig& config);

std::string introduction(const Cell& cell, const BaseConfig& base);
extern const char* const forward_introduction;
extern const char* const backward_introduction;

double norm(const nn::Tensor& t);  ///< Euclidean, added up in double

}  // namespace experiments::cli
