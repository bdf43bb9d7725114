#include "lora/analysis/activations.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "lora/analysis/subspace.h"
#include "tests/lora/small_model.h"

namespace activations_test {

using namespace lora;
using nn::Decoder;

TEST_CASE("the second moment of the inputs, and the model is as before") {
  Decoder model(small_config(), 1);
  inject(model, everywhere(), 5);
  perturb_b(model);
  const Snapshot before(model);
  const nn::Matrix logits = logits_of_batch(model, small_batch());
  nn::Matrix while_recording;
  const auto moments =
      input_second_moments(model, [&] { while_recording = logits_of_batch(model, small_batch()); });
  CHECK(same_bits(while_recording, logits));
  CHECK(Snapshot(model) == before);
  CHECK(lora_layers(model).size() == 12);
  CHECK(same_bits(logits_of_batch(model, small_batch()), logits));
  REQUIRE(moments.size() == 12);
  CHECK(moments.at("blocks.1.mlp.down").rows() == 7);

  // Block 0's q reads ln1 of the embeddings.
  nn::Tape tape(autograd::TapeMode::values);
  const nn::TokenBatch batch = small_batch();
  std::vector<int> places = {0, 1, 2, 0, 1, 2};
  const nn::Var sum =
      autograd::add(model.tok.forward({tape}, batch.ids), model.pos.forward({tape}, places));
  const MatrixXd x = model.blocks[0]->ln1.forward({tape}, sum).value().m.cast<double>();
  CHECK(moments.at("blocks.0.attn.q").isApprox(product_tn(x, x) / 6, 1e-6));
  // Every row of a layer norm with weight 1 and bias 0 sums to 0: R^in is not filled.
  CHECK(svd(moments.at("blocks.0.attn.q")).sigma.minCoeff() < 1e-6);
}

TEST_CASE("passes add up, a throwing one leaves the model whole, none gives nothing") {
  Decoder model(small_config(), 1);
  const auto once = input_second_moments(model, [&] { logits_of_batch(model, small_batch()); });
  const auto twice = input_second_moments(model, [&] {
    logits_of_batch(model, small_batch());
    logits_of_batch(model, small_batch());
  });
  for (const auto& [name, C] : once) CHECK(twice.at(name).isApprox(C, 1e-14));
  CHECK(input_second_moments(model, [] {}).empty());

  const Snapshot before(model);
  CHECK_THROWS_AS(input_second_moments(model, [] { throw std::runtime_error("stop"); }),
                  std::runtime_error);
  CHECK(Snapshot(model) == before);
  CHECK(dynamic_cast<nn::Linear*>(model.blocks[0]->attn.q.get()) != nullptr);
}

TEST_CASE("the second moment of the gradients in the outputs, and the model is as before") {
  Decoder model(small_config(), 1);
  const Snapshot before(model);
  const auto pass = [&] {
    nn::Tape tape;
    tape.backward(nn::token_loss({tape}, model, small_batch()));
  };
  pass();
  const nn::Parameter& bias = dynamic_cast<nn::Linear&>(*model.blocks[1]->mlp.down).bias;
  const nn::Matrix of_bias = bias.grad.m;  // the sum of the gradients in the outputs
  for (nn::Parameter* p : nn::parameters(model)) p->zero_grad();
  const auto moments = output_gradient_moments(model, pass);
  CHECK(same_bits(bias.grad.m, of_bias));  // watching changes nothing
  CHECK(Snapshot(model) == before);
  CHECK(dynamic_cast<nn::Linear*>(model.blocks[0]->attn.q.get()) != nullptr);
  REQUIRE(moments.size() == 12);
  const MatrixXd& G = moments.at("blocks.1.mlp.down");
  CHECK(G.rows() == of_bias.cols());
  CHECK(G.isApprox(G.transpose()));
  CHECK(svd(G).sigma(0) > 0);
  // With n rows the square of the mean of the gradients is at most the mean of the squares.
  const double n = static_cast<double>(small_batch().B * small_batch().T);
  const MatrixXd mean = of_bias.cast<double>() / n;
  CHECK(G.trace() > mean.squaredNorm());
  // Where nothing trains, nothing flows back.
  nn::set_trainable(model, false);
  CHECK(output_gradient_moments(model, [&] { logits_of_batch(model, small_batch()); }).empty());
}

}  // namespace activations_test
