#pragma once

#include <doctest/doctest.h>

#include <cstring>

#include "lora/inject.h"
#include "nn/loss.h"

/// What the tests of lora/ share: a decoder in which up (7,4) and down (4,7) are not square, a
/// batch for it, and LoRA on every projection.

inline nn::DecoderConfig small_config() {
  return {.vocabulary = 5, .context = 3, .d_model = 4, .layers = 2, .heads = 2, .d_mlp = 7};
}

inline nn::TokenBatch small_batch() {
  return {2, 3, {0, 1, 2, 3, 4, 0}, {1, 2, 3, 4, 0, 1}, {1, 1, 1, 0, 1, 1}};
}

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

/// The logits (B*T,V) of a batch.
inline nn::Matrix logits_of(nn::Decoder& model, const nn::TokenBatch& batch) {
  nn::Tape tape(autograd::Record::values);
  const nn::Pass pass{tape};
  return model.logits(pass, model.hidden(pass, {batch.B, batch.T, batch.ids})).value().m;
}

inline bool same_bits(const nn::Matrix& a, const nn::Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(nn::Scalar)) ==
             0;
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

/// The message of the exception that `action` throws; "" if it throws none.
template <class Error, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "";
}
