#pragma once

#include <filesystem>
#include <memory>

#include "nn/models/model_folder.h"

/// A model with matrices in 16 bits, and the one in floats that should compute the same.
namespace frozen_models {

struct Pair {
  std::unique_ptr<nn::Pretrained> halves, rounded;
  int matrices = 0;  ///< in 16 bits
};

/// Gives `floats` the weights of `halves`, and freezes those that are in 16 bits there.
inline int round_as(nn::Pretrained& floats, nn::Pretrained& halves) {
  std::map<std::string, nn::Tensor> in_full;
  halves.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (p.half) in_full[name] = nn::in_full(p);
  });
  floats.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (!in_full.contains(name)) return;
    p.set(in_full.at(name));
    p.trainable = false;
  });
  return static_cast<int>(in_full.size());
}

inline Pair load(const std::filesystem::path& folder, nn::ModelOptions options) {
  const nn::ModelFolder model(folder);
  Pair pair{model.load(options), nullptr};
  options.frozen = nn::Frozen::f32;
  pair.rounded = model.load(options);
  pair.matrices = round_as(*pair.rounded, *pair.halves);
  return pair;
}

}  // namespace frozen_models
