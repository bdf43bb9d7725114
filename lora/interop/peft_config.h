#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lora/lora_linear.h"

/// adapter_config.json as PEFT has it: all of it that decides what an adapter computes.
namespace lora::inline LOWRANK_PRECISION {

enum class PeftType { lora, dora, adalora, vera, pissa, prompt };
std::string to_string(PeftType type);  ///< "LoRA", "DoRA", ...

/// Names of modules, or what they end with after a dot; or a regular expression for a whole name; or
/// all linear layers but the head.
struct ModuleChoice {
  std::vector<std::string> names = {};
  std::string pattern = {};
  bool all_linear = false;
  bool empty() const { return names.empty() && pattern.empty() && !all_linear; }
};

/// Which biases an adapter has of its own.
enum class Biases { none, all, of_targets };

/// PEFT's weight of AdaLoRA's orthogonality, where its configuration says none.
inline constexpr double default_orthogonality = 0.5;

struct PeftConfig {
  PeftType type = PeftType::lora;
  LoraSpec spec;  ///< rank is AdaLoRA's first, and VeRA's, whose alpha says nothing
  ModuleChoice targets, excluded;
  std::vector<Index> layers = {};  ///< the numbers of those that targets' names are in; empty: all
  std::vector<std::string> layers_pattern = {};                  ///< what stands before that number
  std::vector<std::pair<std::string, Index>> rank_pattern = {};  ///< the first key that matches
  std::vector<std::pair<std::string, double>> alpha_pattern = {};
  std::map<std::string, std::vector<bool>> kept = {};  ///< AdaLoRA: by module, the directions left
  double orthogonality = 0;  ///< AdaLoRA: the weight of it beside the loss
  Biases biases = Biases::none;
  std::vector<std::string> saved_modules = {};  ///< whole ones, beside
  Index prompt = 0;                             ///< rows of a prompt
  bool fan_in_fan_out = false;                  ///< informs
  std::string base_model = {};                  ///< informs
  std::optional<std::string> task = {};         ///< "CAUSAL_LM", "SEQ_CLS"; nothing: a plain module
};

/// Settings that only inform, or that training alone would heed, are passed over; any other that is
/// not followed here, and is switched on, is refused by name. Throws std::invalid_argument; its
/// message continues "the configuration ...".
PeftConfig parse_peft_config(std::string_view text);

/// Sorted keys, an indent of 2, and no more than PEFT needs.
std::string to_json(const PeftConfig& config);

}  // namespace lora::inline LOWRANK_PRECISION
