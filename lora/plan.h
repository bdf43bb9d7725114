#pragma once

#include <utility>
#include <vector>

#include "lora/lora_linear.h"
#include "nn/transformer.h"

namespace lora::inline LOWRANK_PRECISION {

/// Which projections of a model to wrap, and how.
///
/// A target is a full name or a suffix after a dot: "q" and "attn.q" both match "blocks.0.attn.q".
/// Or, with no targets, `targets_regex` must match a full name. A pattern's key matches as a full
/// name or a suffix too; the first key in order wins.
struct LoraConfig {
  std::vector<std::string> targets;
  std::string targets_regex;
  LoraSpec spec;
  std::vector<std::pair<std::string, Index>> rank_pattern;
  std::vector<std::pair<std::string, double>> alpha_pattern;
};

/// One line of an injection: what is or would be wrapped.
struct Target {
  std::string name;
  Index in = 0, out = 0;
  LoraSpec spec;
  Index parameters() const { return spec.rank * (in + out); }  ///< A (r,in) and B (out,r)
};

/// What inject would do, changing nothing. Throws std::invalid_argument for an entry that matches
/// nothing, with the names there are; for a model without slots; for a list beside a regular
/// expression; for a regular expression that does not compile, is longer than 200 characters or
/// has a back reference; for a rank too large.
std::vector<Target> plan(nn::Module& model, const LoraConfig& config);
/// The same for a decoder that need not exist.
std::vector<Target> plan(const nn::DecoderConfig& model, const LoraConfig& config);

/// The plan as a table, with the parameter count of each line by formula and the total.
std::string describe(const std::vector<Target>& targets);

}  // namespace lora::inline LOWRANK_PRECISION
