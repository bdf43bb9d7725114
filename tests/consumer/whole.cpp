#include <filesystem>
#include <iostream>

#include "lora/files/adapter.h"
#include "lora/merge.h"
#include "nn/files/file.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

// An adapter's whole way, with tensors that are made on this side and freed on the other, and back.
int main() {
  const nn::DecoderConfig config{
      .vocabulary = 11, .context = 6, .d_model = 16, .layers = 1, .d_mlp = 32};
  nn::Decoder model(config, 1), loaded(config, 1);
  lora::LoraConfig adapter;
  adapter.targets = {"q", "v"};
  lora::inject(model, adapter, 1);
  nn::AdamW optimizer({{nn::trainable_parameters(model)}});
  const nn::TokenBatch batch{1, 4, {1, 2, 3, 4}, {2, 3, 4, 5}, {1, 1, 1, 1}};
  const auto loss_of = [&](nn::Decoder& decoder) {
    nn::Tape tape(autograd::TapeMode::values);
    return nn::token_loss({tape}, decoder, batch).value().item();
  };
  const auto train = [&] {
    nn::Tape tape(autograd::TapeMode::training);
    const nn::Var loss = nn::token_loss({tape}, model, batch);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(0.02);
  };
  for (int step = 0; step < 20; ++step) train();
  for (auto& [name, layer] : lora::lora_layers(model)) {
    nn::Tensor b = layer->B.value;  // made in the library, copied here
    layer->B.set(std::move(b));
    layer->A.zero_grad();
    layer->A.fresh_grad() = nn::Tensor(layer->A.value.shape);  // made here, freed there
  }
  train();  // what was made here is read and written there, in whole vectors
  const nn::TemporaryFolder folder;
  lora::save_adapter(folder / "adapter", model);
  lora::load_adapter(folder / "adapter", loaded);
  const float before = loss_of(loaded), as_trained = loss_of(model);
  lora::merge(loaded);
  std::cout << (before == as_trained ? "equal" : "different") << ", merged "
            << (std::abs(loss_of(loaded) - before) < 1e-4f ? "equal" : "different") << '\n';
}
