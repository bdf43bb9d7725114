#include <doctest/doctest.h>

#include <array>

#include "autograd/gradcheck.h"
#include "lora/methods/bottleneck.h"
#include "lora/methods/prompt_encoder.h"
#include "tests/lora/all_methods.h"

namespace method_gradient_test {

// Linked with the libraries in double.

using nn::Index;
using nn::Parameter;
using nn::Tape;

TEST_CASE("the loss of a decoder under every method, away from its start") {
  for (const lora::MethodSpec& spec : some_of_each_method()) {
    nn::Decoder model = wrapped(spec);
    perturb_trained(model);
    const auto trainable = nn::trainable_parameters(model);
    const autograd::GradcheckResult result = autograd::gradcheck(
        [&](Tape& t) { return token_loss({t}, model, small_batch()); }, trainable);
    CHECK_MESSAGE(result.ok, spec.name << " " << spec.size << ": " << result.message);
    model.visit("", [&](const std::string& name, Parameter& p) {
      CHECK_MESSAGE(p.grad.empty() == !p.trainable, spec.name << ": " << name);
    });
  }
}

TEST_CASE("control: at the start W_down's gradient is zero, and a check of it is refused") {
  nn::Decoder model = wrapped({"adapter-h", 2});
  Parameter* down = nn::trainable_parameters(model).front();
  CHECK(down->name == "blocks.0.attn.o.adapter.down.weight");
  const auto f = [&](Tape& t) { return token_loss({t}, model, small_batch()); };
  CHECK_FALSE(autograd::gradcheck(f, std::span(&down, 1)).ok);
}

TEST_CASE("a bottleneck of any shape, with and without a norm") {
  for (const auto& [in, out, width] :
       {std::array<Index, 3>{4, 7, 2}, {7, 4, 5}, {1, 3, 1}, {3, 2, 1}}) {
    for (const bool norm : {false, true}) {
      lora::Bottleneck layer(std::make_unique<nn::Linear>(in, out, 1, 1, "linear"), width,
                             lora::Bottleneck::Phi::gelu, norm, 1, "layer");
      nn::name_parameters(layer);
      perturb_trained(layer, 0.5);
      Parameter x{"x", nn::Random(3, "x").normal({2, 3, in}, 1), {}, true};
      std::vector<Parameter*> all = nn::trainable_parameters(layer);
      CHECK(all.size() == (norm ? 6 : 4));
      all.push_back(&x);
      const auto f = [&](Tape& t) { return layer.forward({t}, t.parameter(x)); };
      const autograd::GradcheckResult result = autograd::gradcheck(f, all);
      CHECK_MESSAGE(result.ok, result.message);
    }
  }
}

TEST_CASE("an LSTM in both directions, over one row and several") {
  for (const auto& [P, in, h] : {std::array<Index, 3>{4, 3, 2}, {1, 2, 3}, {3, 1, 1}}) {
    for (const bool backwards : {false, true}) {
      lora::Lstm lstm(in, h, backwards, 1, "lstm");
      nn::name_parameters(lstm);
      perturb_trained(lstm, 0.5);
      Parameter x{"x", nn::Random(3, "x").normal({P, in}, 1), {}, true};
      std::vector<Parameter*> all = nn::trainable_parameters(lstm);
      if (P == 1) std::erase(all, &lstm.recurrent);  // h_0 = 0: its gradient is zero
      all.push_back(&x);
      const auto f = [&](Tape& t) { return lstm.forward({t}, t.parameter(x)); };
      const autograd::GradcheckResult result = autograd::gradcheck(f, all);
      CHECK_MESSAGE(result.ok, result.message);
    }
  }
}

}  // namespace method_gradient_test
