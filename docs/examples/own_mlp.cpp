#include <fmt/format.h>

#include <cmath>

#include "autograd/ops.h"
#include "lora/inject.h"
#include "lora/merge.h"
#include "nn/layers.h"
#include "nn/optimizer.h"

// A model of one's own: a small perceptron learns sin 3x, then LoRA on its hidden layer teaches it
// sin 3x + x²/2. What makes LoRA possible is visit_slots, which says what may be wrapped.
namespace {

struct Mlp final : nn::Module {
  std::unique_ptr<nn::Projection> first, hidden, last;

  explicit Mlp(std::uint64_t seed) {
    const auto linear = [&](int in, int out, const char* name) {
      return std::make_unique<nn::Linear>(in, out, nn::preserving_stddev(in), seed, name);
    };
    first = linear(1, 32, "first"), hidden = linear(32, 32, "hidden"), last = linear(32, 1, "last");
    nn::name_parameters(*this);
  }
  nn::Var forward(const nn::Pass& pass, nn::Var x) {
    const nn::Var h = autograd::tanh(first->forward(pass, x));
    return last->forward(pass, autograd::tanh(hidden->forward(pass, h)));
  }
  void visit(const std::string& prefix, const Visitor& fn) override {
    first->visit(nn::join(prefix, "first"), fn);
    hidden->visit(nn::join(prefix, "hidden"), fn);
    last->visit(nn::join(prefix, "last"), fn);
  }
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override {
    fn(nn::join(prefix, "hidden"), hidden);
  }
};

constexpr int points = 64;

template <class Function>
void train(Mlp& model, Function f, const char* what) {
  nn::Tensor x({points, 1}), y({points, 1});
  for (int i = 0; i < points; ++i) {
    x.m(i, 0) = 2.0f * static_cast<float>(i) / (points - 1) - 1;
    y.m(i, 0) = f(x.m(i, 0));
  }
  nn::AdamW optimizer({{nn::trainable_parameters(model)}});
  nn::Tape tape(autograd::TapeMode::training);
  float loss = 0;
  for (int step = 0; step < 1500; ++step) {
    tape.clear();
    const nn::Var error =
        mean_squared_error(model.forward({tape}, tape.constant(x)), tape.constant(y));
    optimizer.zero_grad();
    tape.backward(error);
    optimizer.step(/*lr=*/0.005);
    loss = error.value().item();
  }
  fmt::print("{}: {} numbers trained, mean squared error {:.6f}\n", what,
             nn::count(nn::trainable_parameters(model)), loss);
}

}  // namespace

int main() {
  Mlp model(/*seed=*/1);
  train(
      model, [](float x) { return std::sin(3 * x); }, "all weights on sin 3x");
  lora::LoraConfig config;
  config.targets = {"hidden"};
  config.spec = {.rank = 4, .alpha = 8};
  lora::inject(model, config, /*seed=*/1);
  train(
      model, [](float x) { return std::sin(3 * x) + x * x / 2; }, "LoRA on sin 3x + x²/2");
  const lora::MergeError rounded = lora::merge(model);
  fmt::print("merged, each weight rounded once: at most {:.0e}\n", rounded.absolute);
}
