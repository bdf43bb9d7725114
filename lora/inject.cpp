#include "lora/inject.h"

#include <algorithm>

namespace lora::inline LOWRANK_PRECISION {

using Slot = std::unique_ptr<nn::Projection>;

std::vector<LoraLinear*> inject(nn::Module& model, const LoraConfig& config, std::uint64_t seed) {
  const std::vector<Target> targets = plan(model, config);  // throws before anything changes
  nn::set_trainable(model, false);
  std::vector<LoraLinear*> wrapped;
  model.visit_slots("", [&](const std::string& name, Slot& slot) {
    const auto target = std::find_if(targets.begin(), targets.end(),
                                     [&](const Target& t) { return t.name == name; });
    if (target == targets.end()) return;
    // plan() has checked the spec, so that nothing throws while the slot is empty.
    std::unique_ptr<nn::Linear> linear(static_cast<nn::Linear*>(slot.release()));
    auto layer = std::make_unique<LoraLinear>(std::move(linear), target->spec, seed, name);
    wrapped.push_back(layer.get());
    slot = std::move(layer);
  });
  nn::name_parameters(model);
  return wrapped;
}

std::vector<std::pair<std::string, LoraLinear*>> lora_layers(nn::Module& model) {
  std::vector<std::pair<std::string, LoraLinear*>> layers;
  model.visit_slots("", [&](const std::string& name, Slot& slot) {
    if (auto* layer = dynamic_cast<LoraLinear*>(slot.get())) layers.emplace_back(name, layer);
  });
  return layers;
}

void unwrap(nn::Module& model) {
  model.visit_slots("", [](const std::string&, Slot& slot) {
    if (auto* layer = dynamic_cast<LoraLinear*>(slot.get())) {
      std::unique_ptr<nn::Linear> base = std::move(layer->base);  // which goes with its layer
      slot = std::move(base);
    }
  });
  nn::name_parameters(model);
}

}  // namespace lora::inline LOWRANK_PRECISION
