#include "lora/inject.h"

// Compiled in double and linked with the libraries in float, or in float with float.
int main() {
  nn::Decoder model({.vocabulary = 5, .context = 3, .d_model = 4, .heads = 2, .d_mlp = 6}, 1);
  nn::set_trainable(model, false);
  lora::LoraConfig config;
  config.targets = {"q"};
  return lora::inject(model, config, 1).size() == 2 ? 0 : 1;
}
