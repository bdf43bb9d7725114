#include <fmt/format.h>

#include "lora/files/adapter.h"
#include "lora/merge.h"
#include "nn/files/file.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

// An adapter is trained, saved in PEFT's layout, and loaded into another copy of its base. On
// another base it is refused.
int main() {
  const nn::DecoderConfig config{
      .vocabulary = 11, .context = 6, .d_model = 16, .layers = 1, .d_mlp = 32};
  const nn::TokenBatch batch{1, 4, {1, 2, 3, 4}, {2, 3, 4, 5}, {1, 1, 1, 1}};
  const auto loss_of = [&](nn::Decoder& model) {
    nn::Tape tape(autograd::TapeMode::values);
    return nn::token_loss({tape}, model, batch).value().item();
  };

  nn::Decoder model(config, /*seed=*/1);
  lora::LoraConfig adapter;
  adapter.targets = {"q", "v"};
  lora::inject(model, adapter, /*seed=*/1);
  nn::AdamW optimizer({{nn::trainable_parameters(model)}});
  nn::Tape tape(autograd::TapeMode::training);
  for (int step = 0; step < 50; ++step) {
    tape.clear();
    const nn::Var loss = nn::token_loss({tape}, model, batch);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(/*lr=*/0.02);
  }

  const nn::TemporaryFolder folder;
  lora::save_adapter(folder / "adapter", model,
                     {.base_model = "toy", .metadata = {{"task", "counting"}}});
  nn::Decoder other(config, /*seed=*/1);
  fmt::print("base {:.6f}\n", loss_of(other));
  const lora::AdapterInfo info = lora::load_adapter(folder / "adapter", other);
  fmt::print("{} numbers, for {}: {:.6f}, as trained {:.6f}\n", info.parameters,
             info.metadata.at("task"), loss_of(other), loss_of(model));
  lora::merge(other);
  fmt::print("merged {:.6f}\n", loss_of(other));

  nn::Decoder stranger(config, /*seed=*/2);
  try {
    lora::load_adapter(folder / "adapter", stranger);
  } catch (const lora::AdapterError& error) {
    const std::string text = error.what();
    fmt::print("on another base: {}\n", text.substr(text.find(": ") + 2, 31));
  }
}
