#include "lora/merge.h"

#include <fmt/format.h>

#include <algorithm>

#include "lora/inject.h"

namespace lora::inline LOWRANK_PRECISION {

// A model without LoRA layers has nothing to merge, and to say that it was merged would be wrong.
static std::vector<std::pair<std::string, LoraLinear*>> some_lora_layers(nn::Module& model) {
  auto layers = lora_layers(model);
  if (layers.empty()) throw std::logic_error("the model has no LoRA layers");
  return layers;
}

MergeError merge(nn::Module& model) {
  MergeError largest;
  std::vector<LoraLinear*> done;
  try {
    for (const auto& [name, layer] : some_lora_layers(model)) {
      const MergeError error = layer->merge();
      done.push_back(layer);
      largest.absolute = std::max(largest.absolute, error.absolute);
      largest.relative = std::max(largest.relative, error.relative);
    }
  } catch (...) {
    for (LoraLinear* layer : done) layer->unmerge();
    throw;
  }
  return largest;
}

void unmerge(nn::Module& model) {
  const auto layers = some_lora_layers(model);
  for (const auto& [name, layer] : layers)
    if (!layer->merged()) throw std::logic_error(fmt::format("{} is not merged", name));
  for (const auto& [name, layer] : layers) layer->unmerge();
}

}  // namespace lora::inline LOWRANK_PRECISION
