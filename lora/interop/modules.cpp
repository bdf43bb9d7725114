#include "lora/interop/modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {

std::pair<std::string, std::string> split_name(const std::string& text) {
  const auto dot = text.rfind('.');
  if (dot == std::string::npos) return {"", text};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

bool is_table_name(const std::string& module) {
  static constexpr std::array<std::string_view, 6> tables{"wte",
                                                          "wpe",
                                                          "embed_tokens",
                                                          "word_embeddings",
                                                          "position_embeddings",
                                                          "token_type_embeddings"};
  return std::ranges::find(tables, split_name(module).second) != tables.end();
}

static void check_fits(const AdapterModule& module) {
  if (!module.A || !module.B)
    throw std::invalid_argument(
        fmt::format("{} has no {}", nn::plain(module.name), module.A ? "B" : "A"));
  const nn::Shape &a = module.A->value.shape, &b = module.B->value.shape;
  if (a.rank() != 2 || b.rank() != 2 || a[0] != module.spec.rank || b[1] != module.spec.rank)
    throw std::invalid_argument(fmt::format("{} has A {} and B {} for rank {}",
                                            nn::plain(module.name), a.str(), b.str(),
                                            module.spec.rank));
}

AdapterParts parts_of(const PortableAdapter& adapter, const std::string& form) {
  const PeftConfig& config = adapter.config;
  if (config.type != PeftType::lora && config.type != PeftType::dora)
    throw std::invalid_argument(fmt::format("{} has no form in {}", to_string(config.type), form));
  const Patterns patterns(config);
  std::map<std::string, AdapterModule> modules;
  AdapterParts parts;
  for (const auto& [key, tensor] : adapter.tensors) {
    if (!key.starts_with(peft_prefix))
      throw std::invalid_argument(
          fmt::format("{} is no tensor of LoRA in PEFT's form", nn::printable(key)));
    const std::string name = key.substr(peft_prefix.size());
    const auto with_end = [&](std::string_view end) -> AdapterModule* {
      if (!name.ends_with(end)) return nullptr;
      return &modules[name.substr(0, name.size() - end.size())];
    };
    if (auto* m = with_end(".lora_A.weight"))
      m->A = &tensor;
    else if (auto* m = with_end(".lora_B.weight"))
      m->B = &tensor;
    else if (auto* m = with_end(".lora_embedding_A"))
      m->A = &tensor, m->is_table = true;
    else if (auto* m = with_end(".lora_embedding_B"))
      m->B = &tensor, m->is_table = true;
    else if (auto* m = with_end(".lora_magnitude_vector"))
      m->magnitude = &tensor;
    else
      parts.others[name] = &tensor;
  }
  for (auto& [name, module] : modules) {
    module.name = name;
    module.spec = patterns.spec_of(name);
    check_fits(module);
    if ((module.magnitude != nullptr) != (config.type == PeftType::dora))
      throw std::invalid_argument(fmt::format("{} has {}magnitudes of DoRA", nn::plain(name),
                                              module.magnitude ? "" : "no "));
    parts.modules.push_back(module);
  }
  if (parts.modules.empty()) throw std::invalid_argument("it has no A and B");
  return parts;
}

void check_is_common(const std::vector<AdapterModule>& modules, const std::string& form) {
  const LoraSpec& first = modules.front().spec;
  for (const AdapterModule& module : modules)
    if (module.spec.rank != first.rank || module.spec.alpha != first.alpha)
      throw std::invalid_argument(fmt::format(
          "{} has rank {} and alpha {}, and {} has rank {} and alpha {}: {} has one of each",
          nn::plain(module.name), module.spec.rank, module.spec.alpha,
          nn::plain(modules.front().name), first.rank, first.alpha, form));
}

}  // namespace lora::inline LOWRANK_PRECISION
