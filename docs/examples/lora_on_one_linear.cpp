#include <fmt/format.h>

#include "autograd/ops.h"
#include "lora/lora_linear.h"
#include "nn/optimizer.h"

// LoRA on one linear layer. The target is W0 plus a change of rank 1, so r = 1 is enough to learn
// it. Then the change is merged into the weight, and taken out again.
int main() {
  constexpr int in = 16, out = 8;
  autograd::Random random(/*seed=*/1, "lora on one linear");
  const nn::Matrix change = random.normal({out, 1}, 0.5).m * random.normal({1, in}, 0.5).m;

  auto linear =
      std::make_unique<nn::Linear>(in, out, nn::preserving_stddev(in), /*seed=*/1, "linear");
  const nn::Matrix target = linear->weight.value.m + change;
  lora::LoraLinear layer(std::move(linear), {.rank = 1, .alpha = 1}, /*seed=*/1, "linear");

  nn::AdamW optimizer({{{&layer.A, &layer.B}}});  // W0 and the bias are frozen
  nn::Tape tape;
  for (int step = 0; step < 400; ++step) {
    const nn::Tensor x = random.normal({32, in}, 1);
    nn::Tensor y({32, out});
    y.m = x.m * target.transpose();
    tape.clear();
    const nn::Var h = layer.forward({tape}, tape.constant(x));
    const nn::Var loss = mean_squared_error(h, tape.constant(y));
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(/*lr=*/0.02);
    if (step % 100 == 0) fmt::print("step {:3}: loss {:.6f}\n", step, loss.value().item());
  }
  const auto distance = [&] { return (layer.base->weight.value.m - target).norm(); };
  fmt::print("trained {} numbers of {}\n", in + out, in * out + out + in + out);
  fmt::print("distance of the weight from the target: {:.3f}\n", distance());
  layer.merge();
  fmt::print("merged: {:.3f}\n", distance());
  layer.unmerge();
  fmt::print("unmerged: {:.3f}\n", distance());
}
