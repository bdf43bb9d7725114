#pragma once

#include <string>
#include <string_view>

#include "lora/inject.h"

/// The text of adapter_config.json; what the reader and the writer of adapters share.
namespace lora::inline LOWRANK_PRECISION {

struct AdapterConfig {
  LoraConfig lora;
  std::string base_model;
  std::string task = {};  ///< of transformers: "CAUSAL_LM", "SEQ_CLS"; empty: a plain module
};

/// Sorted keys, an indent of 2, and no more members than PEFT needs.
std::string to_json(const AdapterConfig& config);

/// Members that only inform are accepted, others that are unknown only where they switch nothing on
/// (null, false, "", [] and {}). Throws std::invalid_argument, whose message names the member.
AdapterConfig parse_adapter_config(std::string_view text);

}  // namespace lora::inline LOWRANK_PRECISION
