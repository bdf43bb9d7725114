#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "lora/variants/adalora.h"
#include "lora/variants/dora.h"
#include "lora/variants/lora_embedding.h"
#include "lora/variants/pissa.h"
#include "lora/variants/prompt_table.h"
#include "lora/variants/vera.h"

namespace variants_gradient_test {

// Linked with the libraries in double. No trained parameter is zero here: zero would hide others'
// gradients.

using nn::Parameter;
using nn::Tape;
using nn::Tensor;
using nn::Var;

namespace {

constexpr nn::Index in = 5, out = 4;

std::unique_ptr<nn::Linear> linear(nn::Index from = in, nn::Index to = out) {
  auto made = std::make_unique<nn::Linear>(from, to, 1, 1, "linear");
  made->bias.value = nn::Random(2, "bias").normal({to}, 1);
  return made;
}

void draw_all_that_trains(nn::Module& module) {
  nn::name_parameters(module);
  for (Parameter* p : nn::trainable_parameters(module))
    p->value = nn::Random(3, p->name).normal(p->value.shape, 1);
}

Parameter input() { return {"x", nn::Random(4, "x").normal({2, 3, in}, 1), {}, true}; }

std::vector<std::string> names(const std::vector<Parameter*>& parameters) {
  std::vector<std::string> all;
  for (const Parameter* p : parameters) all.push_back(p->name);
  return all;
}

using Forward = std::function<Var(Tape&, Var)>;

// The gradients of what trains, and of the input.
autograd::GradcheckResult check(nn::Module& module, const Forward& forward) {
  Parameter x = input();
  std::vector<Parameter*> all = nn::trainable_parameters(module);
  all.push_back(&x);
  auto result = autograd::gradcheck([&](Tape& t) { return forward(t, t.parameter(x)); }, all);
  for (const Parameter* p : all) CHECK_FALSE(p->grad.m.isZero(0));
  return result;
}

// y = W x + b with the merged weight.
void check_merged(lora::Variant& layer) {
  Parameter x = input();
  Tape tape(autograd::TapeMode::values);
  const auto y = layer.forward({tape}, tape.parameter(x)).value().m;
  const nn::Matrix bias = layer.linear().bias.value.m;
  const nn::Matrix W = layer.merged();
  const nn::Matrix expected = (x.value.m * W.transpose()).rowwise() + bias.row(0);
  CHECK((y - expected).cwiseAbs().maxCoeff() < 1e-12);
}

Var computed(nn::Projection& layer, Tape& tape, Var x) { return layer.forward({tape}, x); }

}  // namespace

TEST_CASE("DoRA: it starts as the base, and has the gradient of a constant norm") {
  lora::Dora layer(linear(), {2, 3}, 1, "layer");
  CHECK((layer.merged() - layer.linear().weight.value.m).cwiseAbs().maxCoeff() < 1e-12);
  draw_all_that_trains(layer);
  CHECK(names(nn::trainable_parameters(layer)) ==
        std::vector<std::string>{"lora_A", "lora_B", "lora_magnitude_vector"});
  const Tensor c = layer.norms();
  const auto result = check(layer, [&](Tape& t, Var x) { return layer.forward_with({t}, x, c); });
  CHECK_MESSAGE(result.ok, result.message);
  CHECK(layer.linear().weight.grad.empty());
  check_merged(layer);
}

TEST_CASE("control: with a norm that moves it is not the gradient") {
  lora::Dora layer(linear(), {2, 3}, 1, "layer");
  draw_all_that_trains(layer);
  CHECK_FALSE(check(layer, [&](Tape& t, Var x) { return computed(layer, t, x); }).ok);
}

TEST_CASE("DoRA's gradient has nothing along the rows: the length is the magnitude's alone") {
  // With c in the gradient, that of a row of W0 + sBA would be orthogonal to the row. Here it is not,
  // and dm is its part along the row: dm_i = dW'_i · row_i / c_i.
  lora::Dora layer(linear(), {2, 3}, 1, "layer");
  draw_all_that_trains(layer);
  Parameter x = input();
  Tape tape;
  tape.backward(autograd::sum(layer.forward({tape}, tape.parameter(x))));
  const Eigen::MatrixXd V =
      layer.lora.w0().m + layer.lora.scale() * layer.lora.B.value.m * layer.lora.A.value.m;
  const Eigen::RowVectorXd dW = x.value.m.colwise().sum();  // of each row of W'
  for (nn::Index i = 0; i < out; ++i)
    CHECK(layer.magnitude.grad.m(0, i) == doctest::Approx(dW.dot(V.row(i).normalized())));
}

TEST_CASE("DoRA with dropout changes what is dropped alone") {
  lora::Dora layer(linear(), {2, 3, lora::Scaling::alpha_over_r, lora::Init::gaussian, 0.5}, 1,
                   "layer");
  Parameter x = input();
  nn::Random stream(1, "dropout");
  Tape tape(autograd::TapeMode::values);
  const auto plain = layer.linear().forward({tape}, tape.parameter(x)).value().m;
  // m = c at the start: nothing is changed, whatever is dropped.
  const auto start = layer.forward({tape, &stream}, tape.parameter(x)).value().m;
  CHECK((start - plain).cwiseAbs().maxCoeff() < 1e-12);
  draw_all_that_trains(layer);
  const auto dropped = layer.forward({tape, &stream}, tape.parameter(x)).value().m;
  const auto whole = layer.forward({tape}, tape.parameter(x)).value().m;
  CHECK((dropped - whole).cwiseAbs().maxCoeff() > 0.1);
}

TEST_CASE("VeRA: two vectors train, and layers of two shapes share the matrices") {
  const auto shared = std::make_shared<lora::VeraMatrices>(3, in + 2, out + 1, 5);
  lora::Vera layer(linear(), shared), wider(linear(in + 2, out + 1), shared);
  CHECK((layer.merged() - layer.linear().weight.value.m).cwiseAbs().maxCoeff() == 0);
  draw_all_that_trains(layer);
  CHECK(names(nn::trainable_parameters(layer)) ==
        std::vector<std::string>{"vera_lambda_b", "vera_lambda_d"});
  const auto result = check(layer, [&](Tape& t, Var x) { return computed(layer, t, x); });
  CHECK_MESSAGE(result.ok, result.message);
  CHECK(shared->A.grad.empty());
  check_merged(layer);
  CHECK_THROWS_WITH_AS(lora::Vera(linear(in + 3, out), shared), doctest::Contains("too small"),
                       std::invalid_argument);
}

TEST_CASE("control: a vector of VeRA that the gradient does not see") {
  lora::Vera layer(linear(), std::make_shared<lora::VeraMatrices>(3, in, out, 5));
  draw_all_that_trains(layer);
  const Tensor before = layer.lambda_d.value;
  const auto result = check(layer, [&](Tape& t, Var x) {
    return autograd::multiply(
        computed(layer, t, x),
        t.constant([&] {  // a factor that moves with λ_d behind the tape's back
          Tensor factor({2, 3, out});
          factor.m.setConstant(layer.lambda_d.value.m.sum());
          return factor;
        }()));
  });
  CHECK_FALSE(result.ok);
}

TEST_CASE("AdaLoRA: A, B and E train, also beside the orthogonality of A and B") {
  lora::AdaLora layer(linear(), {3, 2}, 1, "layer");
  CHECK((layer.merged() - layer.linear().weight.value.m).cwiseAbs().maxCoeff() == 0);
  draw_all_that_trains(layer);
  CHECK(layer.scale() == doctest::Approx(2 / 3.00001).epsilon(1e-12));
  const auto result = check(layer, [&](Tape& t, Var x) { return computed(layer, t, x); });
  CHECK_MESSAGE(result.ok, result.message);
  check_merged(layer);

  lora::AdaLora* one = &layer;
  std::vector<Parameter*> sides{&layer.A, &layer.B};
  const auto penalty = autograd::gradcheck(
      [&](Tape& t) { return lora::orthogonality({t}, std::span(&one, 1)); }, sides);
  CHECK_MESSAGE(penalty.ok, penalty.message);
}

TEST_CASE("AdaLoRA: a direction that goes takes its part of the change with it, and no other") {
  lora::AdaLora layer(linear(), {3, 2}, 1, "layer");
  draw_all_that_trains(layer);
  const Eigen::MatrixXd without = layer.merged() - layer.scale() * layer.E.value.m(1, 0) *
                                                       layer.B.value.m.col(1) *
                                                       layer.A.value.m.row(1);
  layer.keep({true, false, true});
  CHECK(layer.A.value.shape == nn::Shape{2, in});
  CHECK((layer.merged() - without).cwiseAbs().maxCoeff() < 1e-12);
  check_merged(layer);
  layer.keep({false, false});
  CHECK((layer.merged() - layer.linear().weight.value.m).cwiseAbs().maxCoeff() == 0);
  check_merged(layer);
  CHECK_THROWS_AS(layer.keep({true}), std::invalid_argument);
}

TEST_CASE("control: AdaLoRA's scale follows the rank it began with") {
  lora::AdaLora layer(linear(), {3, 2}, 1, "layer");
  draw_all_that_trains(layer);
  const auto result = check(layer, [&](Tape& t, Var x) {
    // the numeric passes, which are forward only, see another rank
    layer.spec.rank = layer.A.grad.empty() ? 3 : 2;
    return computed(layer, t, x);
  });
  CHECK_FALSE(result.ok);
}

TEST_CASE("PiSSA: it starts as the base with the largest directions in A and B") {
  auto base = linear();
  auto start = lora::Pissa::start_of(*base, {2, 3}, "layer");
  lora::Pissa layer(std::move(base), {2, 3}, "layer", std::move(start));
  nn::name_parameters(layer);
  CHECK((layer.merged() - layer.linear().weight.value.m).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(layer.lora.delta().norm() > 0.7 * layer.linear().weight.value.m.norm());
  draw_all_that_trains(layer);
  const auto result = check(layer, [&](Tape& t, Var x) { return computed(layer, t, x); });
  CHECK_MESSAGE(result.ok, result.message);
  CHECK(layer.A0.grad.empty());
  check_merged(layer);
  const Eigen::MatrixXd doubled = layer.linear().weight.value.m +
                                  layer.lora.scale() * layer.doubled_b().m * layer.doubled_a().m;
  CHECK((layer.merged() - doubled).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("LoRA on a table: its gradients, and the table that it computes with") {
  nn::Embedding plain(7, in, 1, 1, "table");
  const auto W0 = plain.weight.value.m;
  lora::LoraEmbedding table(plain, {2, 3}, 1, "table");
  CHECK((table.merged() - W0).cwiseAbs().maxCoeff() == 0);
  draw_all_that_trains(table);
  const std::vector<int> ids{3, 0, 6, 3};
  std::vector<Parameter*> all = nn::trainable_parameters(table);
  CHECK(names(all) == std::vector<std::string>{"lora_embedding_A", "lora_embedding_B"});
  const auto result = autograd::gradcheck([&](Tape& t) { return table.forward({t}, ids); }, all);
  CHECK_MESSAGE(result.ok, result.message);
  CHECK(table.weight.value.m == W0);
  Tape tape(autograd::TapeMode::values);
  const auto rows = table.forward({tape}, ids).value().m;
  for (std::size_t i = 0; i < ids.size(); ++i)
    CHECK((rows.row(static_cast<nn::Index>(i)) - table.merged().row(ids[i])).norm() < 1e-12);
}

TEST_CASE("a prompt is rows behind the words, in whatever order they are asked for") {
  nn::Embedding plain(7, in, 1, 1, "table");
  const auto W0 = plain.weight.value.m;
  lora::PromptTable table(plain, nn::Random(1, "prompt").normal({2, in}, 1));
  nn::name_parameters(table);
  const std::vector<int> ids{8, 3, 7, 8, 0};
  std::vector<Parameter*> all = nn::trainable_parameters(table);
  CHECK(names(all) == std::vector<std::string>{"prompt_embeddings"});
  const auto result = autograd::gradcheck([&](Tape& t) { return table.forward({t}, ids); }, all);
  CHECK_MESSAGE(result.ok, result.message);
  Tape tape(autograd::TapeMode::values);
  const auto rows = table.forward({tape}, ids).value().m;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const nn::Matrix& table_of = ids[i] < 7 ? W0 : table.prompt.value.m;
    CHECK(rows.row(static_cast<nn::Index>(i)) == table_of.row(ids[i] % 7));
  }
  nn::Embedding other(7, in + 1, 1, 1, "other");
  CHECK_THROWS_AS(lora::PromptTable(other, Tensor({2, in})), std::invalid_argument);
}

}  // namespace variants_gradient_test
