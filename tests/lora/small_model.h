#pragma once

#include "lora/inject.h"
#include "tests/nn/small_decoder.h"

/// What the tests of lora/ share: LoRA on every projection of the small decoder, and what to
/// compare.

inline lora::LoraConfig everywhere(lora::Index rank = 2, double alpha = 3) {
  lora::LoraConfig config;
  config.targets = {"q", "k", "v", "o", "up", "down"};
  config.spec.rank = rank;
  config.spec.alpha = alpha;
  return config;
}

/// B away from zero, where a test says nothing about A.
inline void perturb_b(nn::Module& model, double stddev = 0.3) {
  for (const auto& [name, layer] : lora::lora_layers(model))
    layer->B.value = nn::Random(11, name).normal(layer->B.value.shape, stddev);
}

/// Name, value and trainability of every parameter.
struct Snapshot {
  explicit Snapshot(nn::Module& model) {
    model.visit("", [&](const std::string& name, nn::Parameter& p) {
      names.push_back(name);
      values.push_back(p.value.m);
      trainable.push_back(p.trainable);
    });
  }
  bool operator==(const Snapshot& other) const {
    if (names != other.names || trainable != other.trainable) return false;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!same_bits(values[i], other.values[i])) return false;
    return true;
  }

  std::vector<std::string> names;
  std::vector<nn::Matrix> values;
  std::vector<bool> trainable;
};
