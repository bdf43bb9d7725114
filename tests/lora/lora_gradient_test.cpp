#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "tests/lora/small_model.h"

namespace lora_gradient_test {

// Linked with the libraries in double. B is never zero here: with B = 0 the gradient of A is, and a
// check of it says nothing.

using nn::Parameter;
using nn::Tape;

TEST_CASE("a LoRA layer of any shape, rank and scaling") {
  struct Case {
    nn::Index in, out, rank;
    lora::Scaling scaling;
  };
  for (const Case& c :
       {Case{4, 7, 2, lora::Scaling::alpha_over_r}, Case{7, 4, 3, lora::Scaling::alpha_over_sqrt_r},
        Case{5, 1, 1, lora::Scaling::alpha_over_r},
        Case{1, 5, 1, lora::Scaling::alpha_over_sqrt_r}}) {
    auto linear = std::make_unique<nn::Linear>(c.in, c.out, 1, 1, "linear");
    lora::LoraLinear layer(std::move(linear), {c.rank, 3, c.scaling, lora::Init::gaussian, 0}, 1,
                           "layer");
    nn::name_parameters(layer);
    layer.B.value = nn::Random(2, "B").normal(layer.B.value.shape, 1);
    Parameter x{"x", nn::Random(3, "x").normal({2, 3, c.in}, 1), {}, true};

    std::vector<Parameter*> all = nn::trainable_parameters(layer);
    CHECK(all == std::vector<Parameter*>{&layer.A, &layer.B});
    all.push_back(&x);
    const auto f = [&](Tape& t) { return layer.forward({t}, t.parameter(x)); };
    const autograd::GradcheckResult result = autograd::gradcheck(f, all);
    CHECK_MESSAGE(result.ok, result.message);
    for (const Parameter* p : all) CHECK_FALSE(p->grad.m.isZero(0));
    CHECK(layer.base->weight.grad.empty());
    CHECK(layer.base->bias.grad.empty());
  }
}

TEST_CASE("the loss of a decoder with LoRA on every projection") {
  nn::Decoder model(small_config(), 1);
  lora::LoraConfig config = everywhere();
  config.spec.scaling = lora::Scaling::alpha_over_sqrt_r;
  config.rank_pattern = {{"down", 3}};
  lora::inject(model, config, 5);
  perturb_b(model);
  const nn::TokenBatch batch = small_batch();
  const auto trainable = nn::trainable_parameters(model);
  CHECK(trainable.size() == 2 * 12);
  const autograd::GradcheckResult result =
      autograd::gradcheck([&](Tape& t) { return token_loss({t}, model, batch); }, trainable);
  CHECK_MESSAGE(result.ok, result.message);
}

TEST_CASE("control: with B = 0 a check of A alone is refused, as it says nothing") {
  auto linear = std::make_unique<nn::Linear>(4, 7, 1, 1, "linear");
  lora::LoraLinear layer(std::move(linear), {}, 1, "layer");
  Parameter* A = &layer.A;
  const nn::Tensor x = nn::Random(3, "x").normal({2, 4}, 1);
  const auto f = [&](Tape& t) { return layer.forward({t}, t.constant(x)); };
  CHECK_FALSE(autograd::gradcheck(f, std::span(&A, 1)).ok);
}

TEST_CASE("control: a scale that the backward pass does not know does not pass") {
  auto linear = std::make_unique<nn::Linear>(4, 7, 1, 1, "linear");
  lora::LoraLinear layer(std::move(linear), {2, 3}, 1, "layer");
  layer.B.value.m.setOnes();
  Parameter* A = &layer.A;
  const nn::Tensor x = nn::Random(3, "x").normal({2, 4}, 1);
  const auto f = [&](Tape& t) {  // the numeric passes, forward only, see another alpha
    layer.spec.alpha = t.size() == 0 && layer.A.grad.empty() ? 3 : 4;
    return layer.forward({t}, t.constant(x));
  };
  CHECK_FALSE(autograd::gradcheck(f, std::span(&A, 1)).ok);
}

}  // namespace lora_gradient_test
