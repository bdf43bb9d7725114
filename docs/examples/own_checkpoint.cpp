#include <fmt/format.h>

#include "lora/files/adapter.h"
#include "lora/merge.h"
#include "nn/files/file.h"
#include "nn/models/decode.h"
#include "nn/models/model_folder.h"
#include "nn/optimizer.h"

// own_checkpoint DIR: an adapter of a causal language model that somebody else trained, from the
// plan to the merged checkpoint.
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const nn::ModelFolder folder(argv[1]);
  const auto model = folder.load();

  lora::LoraConfig config;
  config.targets = {"c_attn", "c_fc"};
  config.spec = {.rank = 2, .alpha = 4};
  fmt::print("{}", lora::describe(lora::plan(*model, config)));
  lora::inject(*model, config, /*seed=*/1);

  // One row of ids, which are their own labels: what follows each.
  const nn::Inputs inputs{1, 6, {5, 17, 9, 12, 20, 7}};
  nn::AdamW optimizer({{nn::trainable_parameters(*model)}});
  nn::Tape tape(autograd::TapeMode::training);
  for (int step = 0; step < 60; ++step) {
    tape.clear();
    const nn::Var last = model->hidden({tape}, inputs);
    const nn::Var loss = nn::loss({tape}, *model, inputs, last, inputs.ids);
    if (step % 59 == 0) fmt::print("step {}: loss {:.3f}\n", step, loss.value().item());
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(/*lr=*/0.05);
  }

  const nn::TemporaryFolder out;
  lora::save_adapter(out / "adapter", *model, {.task = "CAUSAL_LM"});
  lora::merge(*model);
  lora::unwrap(*model);
  folder.save(out / "merged", *model);

  nn::Random random(1, "own_checkpoint");
  const auto merged = nn::ModelFolder(out / "merged").load();
  const std::vector<int> prompt{5, 17};
  const nn::Decoded answer = nn::decode(*merged, prompt, {.max_tokens = 4}, random);
  fmt::print("merged, after 5 17:");
  for (const int id : answer.ids) fmt::print(" {}", id);
  fmt::print("\n");
  return 0;
}
