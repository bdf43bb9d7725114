#pragma once

#include "lora/interop/pattern.h"
#include "lora/interop/peft_config.h"

namespace lora::inline LOWRANK_PRECISION {

/// A module that an adapter can change: a linear layer, or a table of rows.
struct Place {
  std::string name;
  Index in = 0, out = 0;  ///< of a table: its rows, and how wide they are
  bool is_table = false;
};

struct ChosenPlace {
  Place place;
  LoraSpec spec;  ///< with the rank and alpha that the patterns give it
};

/// Which of a model's places a configuration means, as PEFT decides it. Stricter in one point: a name
/// or an expression that matches nothing is an error. Throws std::invalid_argument.
std::vector<ChosenPlace> choose(const PeftConfig& config, const std::vector<Place>& places);

/// Whether `modules_to_save` has a module that the tensor is in: one whose name ends so.
bool is_saved_module(const PeftConfig& config, const std::string& tensor);

/// Rank and alpha of one module by the patterns.
class Patterns {
 public:
  explicit Patterns(const PeftConfig& config);  ///< throws std::invalid_argument
  LoraSpec spec_of(const std::string& module) const;

 private:
  const PeftConfig& config_;
  std::vector<PatternKey> ranks_, alphas_;
};

}  // namespace lora::inline LOWRANK_PRECISION
