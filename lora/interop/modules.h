#pragma once

#include "lora/interop/portable.h"
#include "lora/interop/targets.h"

/// What the forms of files have in common: modules with two factors each.
namespace lora::inline LOWRANK_PRECISION {

/// A module of an adapter, with its A and B as PEFT has them.
struct AdapterModule {
  std::string name;
  LoraSpec spec;
  bool is_table = false;
  const PortableTensor *A = nullptr, *B = nullptr;
  const PortableTensor* magnitude = nullptr;  ///< of DoRA
};

/// The modules of an adapter that consists of A and B, and names of what else it has, without PEFT's
/// prefix. Throws std::invalid_argument for one of another kind, and where A or B is missing or they
/// do not fit together or the configuration.
struct AdapterParts {
  std::vector<AdapterModule> modules;
  std::map<std::string, const PortableTensor*> others;
};
AdapterParts parts_of(const PortableAdapter& adapter, const std::string& form);

/// The rank and alpha of all modules. Throws std::invalid_argument naming the first with others.
void check_is_common(const std::vector<AdapterModule>& modules, const std::string& form);

/// Whether a module of this name is a table of rows: what models call theirs.
bool is_table_name(const std::string& module);

/// `text` up to its last dot, and what is behind it.
std::pair<std::string, std::string> split_name(const std::string& text);

}  // namespace lora::inline LOWRANK_PRECISION
