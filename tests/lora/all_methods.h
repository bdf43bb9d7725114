#pragma once

#include "lora/methods/method.h"
#include "tests/lora/small_model.h"

/// Each method in one or more sizes, for models of two layers or more. (A prompt encoder of one row
/// has a recurrent matrix that nothing passes through.)
inline std::vector<lora::MethodSpec> some_of_each_method() {
  lora::LoraConfig q_v = everywhere(2, 3), all = everywhere(1, 3);
  q_v.targets = {"q", "v"};
  return {{"full"},
          {"top-layers", 1},
          {"top-layers", 2},
          {"bitfit"},
          {"prefix-embedding", 1},
          {"prefix-embedding", 3},
          {"prefix-layer", 1},
          {"prefix-layer", 3},
          {"prompt-encoder", 2},
          {"prompt-encoder", 3},
          {"adapter-h", 1},
          {"adapter-h", 3},
          {"adapter-l", 1},
          {"adapter-l", 3},
          {"lora", 0, q_v},
          {"lora", 0, all},
          {"lora+prefix", 1, q_v},
          {"lora+prefix", 3, all}};
}

inline nn::Decoder wrapped(const lora::MethodSpec& spec, std::uint64_t seed = 5,
                           const nn::DecoderConfig& config = small_config()) {
  nn::Decoder model(config, 1);
  lora::wrap(model, spec, seed);
  return model;
}

/// What trains away from where it starts: with W_up or B at zero a test says nothing about what is
/// before it.
inline void perturb_trained(nn::Module& model, double stddev = 0.3) {
  for (nn::Parameter* p : nn::trainable_parameters(model))
    p->value.m += nn::Random(11, p->name).normal(p->value.shape, stddev).m;
}
