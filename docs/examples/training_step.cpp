#include <fmt/format.h>

#include "autograd/check_finite.h"
#include "autograd/dump.h"
#include "lora/inject.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

// One training step of LoRA on a decoder small enough to print: 5 words, C = 4, 1 block, 2 heads.
// docs/debugging.md walks through it in a debugger.
int main() {
  nn::Decoder model(
      {.vocabulary = 5, .context = 3, .d_model = 4, .layers = 1, .heads = 2, .d_mlp = 6},
      /*seed=*/1);

  // W0 of q and v is frozen; each gets A (2,4) and B (4,2). B moves away from zero, where a
  // training starts, so that A has a gradient to look at.
  lora::LoraConfig config;
  config.targets = {"q", "v"};
  config.spec = {.rank = 2, .alpha = 4};
  for (lora::LoraLinear* layer : lora::inject(model, config, /*seed=*/1))
    layer->B.value.m.setConstant(0.5f);
  nn::AdamW optimizer({{nn::parameters(model)}});

  // Two rows of three tokens; the second and third prediction of each row count.
  const nn::TokenBatch batch{2, 3, {0, 1, 2, 3, 4, 0}, {1, 2, 3, 4, 0, 1}, {0, 1, 1, 0, 1, 1}};

  nn::Tape tape;
  const nn::Var loss = nn::token_loss({tape}, model, batch);
  tape.backward(loss);
  autograd::check_finite(tape);
  optimizer.step(/*lr=*/0.01);

  fmt::print("{}loss {:.4f}\n", autograd::dump(tape), loss.value().item());
}
