#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "tests/nn/rows_prefix.h"

namespace layers_gradient_test {

// Linked with the libraries in double.

using autograd::Gelu;
using nn::Parameter;
using nn::Pass;
using nn::Tape;
using nn::Var;

namespace {

Parameter input(nn::Shape shape) {
  return {"x", nn::Random(1, "input").normal(shape, 1), {}, true};
}

/// Moves biases and norms away from 0 and 1, which hide errors.
void perturb(nn::Module& module) {
  module.visit("", [](const std::string& name, Parameter& p) {
    p.name = name;
    p.value.m += nn::Random(2, name).normal(p.value.shape, 0.2).m;
  });
}

/// Checks all gradients of a module, and that in its input where it has one.
void check(nn::Module& module, const std::function<Var(Tape&)>& f, Parameter* x = nullptr) {
  perturb(module);
  std::vector<Parameter*> all = nn::parameters(module);
  if (x) all.push_back(x);
  const autograd::GradcheckResult result = autograd::gradcheck(f, all);
  CHECK_MESSAGE(result.ok, result.message);
  for (const Parameter* p : all) CHECK_FALSE(p->grad.empty());
}

}  // namespace

TEST_CASE("linear") {
  for (const auto& [in, out] : {std::pair<nn::Index, nn::Index>{4, 3}, {3, 4}, {1, 1}, {1, 5}}) {
    nn::Linear linear(in, out, 1, 1, "linear");
    Parameter x = input({2, 3, in});
    check(
        linear, [&](Tape& t) { return linear.forward({t}, t.parameter(x)); }, &x);
  }
}

TEST_CASE("embedding, with a row used twice and one never") {
  nn::Embedding table(5, 3, 1, 1, "table");
  const std::vector<int> ids{0, 3, 3, 1, 4};
  check(table, [&](Tape& t) { return table.forward({t}, ids); });
  CHECK(table.weight.grad.m.row(2).isZero(0));
}

TEST_CASE("layer norm") {
  nn::LayerNorm norm(5);
  Parameter x = input({2, 2, 5});
  check(
      norm, [&](Tape& t) { return norm.forward({t}, t.parameter(x)); }, &x);
}

TEST_CASE("dropout with a stream that repeats") {
  nn::Linear linear(4, 3, 1, 1, "linear");
  Parameter x = input({6, 4});
  const auto f = [&](Tape& t) {
    nn::Random stream(1, "dropout");
    return nn::Dropout{0.4}.forward({t, &stream}, linear.forward({t}, t.parameter(x)));
  };
  check(linear, f, &x);
}

TEST_CASE("attention, with and without padding") {
  for (const std::vector<unsigned char>& mask :
       {std::vector<unsigned char>{}, {0, 1, 1, 1, 1, 0}}) {
    nn::Attention attention(small_config(), 1, "attn");
    Parameter x = input({2, 3, 4});
    check(
        attention, [&](Tape& t) { return attention.forward({t}, t.parameter(x), mask); }, &x);
  }
}

TEST_CASE("mlp and block with either gelu") {
  for (const Gelu gelu : {Gelu::erf, Gelu::tanh}) {
    nn::DecoderConfig config = small_config();
    config.gelu = gelu;
    nn::Mlp mlp(config, 1, "mlp");
    nn::Block block(config, 1, "block");
    Parameter x = input({2, 3, 4});
    check(
        mlp, [&](Tape& t) { return mlp.forward({t}, t.parameter(x)); }, &x);
    check(
        block, [&](Tape& t) { return block.forward({t}, t.parameter(x), {}); }, &x);
  }
}

TEST_CASE("the whole decoder, tied and untied, through logits and through the loss") {
  for (const bool tied : {true, false}) {
    for (const Gelu gelu : {Gelu::erf, Gelu::tanh}) {
      nn::DecoderConfig config = small_config();
      config.tied = tied;
      config.gelu = gelu;
      nn::Decoder model(config, 1);
      nn::TokenBatch batch = small_batch();
      batch.weights = {1, 0.5, 0, 2, 1, 0.25};
      check(model, [&](Tape& t) {
        const nn::Tokens tokens{batch.B, batch.T, batch.ids};
        return model.logits({t}, tokens, nn::all_positions(tokens));
      });
      check(model, [&](Tape& t) { return token_loss({t}, model, batch); });
    }
  }
}

TEST_CASE("a prefix whose rows go on, and one with rows for every block") {
  for (const nn::Index blocks : {1, 2}) {
    nn::Decoder model(small_config(), 1);
    put_prefix(model, 3, blocks);
    check(model, [&](Tape& t) { return token_loss({t}, model, small_batch()); });
  }
}

TEST_CASE("control: a layer whose bias is no part of the tape does not pass") {
  nn::Linear linear(4, 3, 1, 1, "linear");
  const autograd::GradcheckResult result = autograd::gradcheck(
      [&](Tape& t) {
        const Var x = t.constant(input({2, 4}).value);
        return autograd::affine(x, t.parameter(linear.weight), t.constant(linear.bias.value));
      },
      nn::parameters(linear));
  CHECK_FALSE(result.ok);
}

}  // namespace layers_gradient_test
