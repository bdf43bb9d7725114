#include "nn/transformer.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/nn/rows_prefix.h"
#include "tests/nn/small_decoder.h"

namespace transformer_test {

using nn::Decoder;
using nn::DecoderConfig;
using nn::Index;
using nn::Shape;

namespace {

/// The base that the toy tasks share.
const DecoderConfig toy{
    .vocabulary = 177, .context = 24, .d_model = 64, .layers = 2, .heads = 4, .d_mlp = 256};

std::vector<std::pair<std::string, Shape>> names_and_shapes(nn::Module& model) {
  std::vector<std::pair<std::string, Shape>> all;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    CHECK(p.name == name);
    all.emplace_back(name, p.value.shape);
  });
  return all;
}

}  // namespace

TEST_CASE("parameters have the names that checkpoints promise, and weights are [out, in]") {
  DecoderConfig config = small_config();
  config.layers = 1;
  config.tied = false;
  Decoder model(config, 1);
  using List = std::vector<std::pair<std::string, Shape>>;
  CHECK(names_and_shapes(model) == List{{"tok.weight", {5, 4}},
                                        {"pos.weight", {3, 4}},
                                        {"blocks.0.ln1.weight", {4}},
                                        {"blocks.0.ln1.bias", {4}},
                                        {"blocks.0.attn.q.weight", {4, 4}},
                                        {"blocks.0.attn.q.bias", {4}},
                                        {"blocks.0.attn.k.weight", {4, 4}},
                                        {"blocks.0.attn.k.bias", {4}},
                                        {"blocks.0.attn.v.weight", {4, 4}},
                                        {"blocks.0.attn.v.bias", {4}},
                                        {"blocks.0.attn.o.weight", {4, 4}},
                                        {"blocks.0.attn.o.bias", {4}},
                                        {"blocks.0.ln2.weight", {4}},
                                        {"blocks.0.ln2.bias", {4}},
                                        {"blocks.0.mlp.up.weight", {7, 4}},
                                        {"blocks.0.mlp.up.bias", {7}},
                                        {"blocks.0.mlp.down.weight", {4, 7}},
                                        {"blocks.0.mlp.down.bias", {4}},
                                        {"ln_f.weight", {4}},
                                        {"ln_f.bias", {4}},
                                        {"head.weight", {5, 4}}});
}

TEST_CASE("counts follow the formula") {
  // Embeddings (V + T) C; a block has four C² + C, a mlp of 2 C F + F + C, two norms of 2 C.
  const Index V = 177, T = 24, C = 64, F = 256, L = 2;
  const Index block = 4 * (C * C + C) + (2 * C * F + F + C) + 2 * 2 * C;
  DecoderConfig config = toy;
  Decoder tied(config, 1);
  CHECK(nn::count(nn::parameters(tied)) == (V + T) * C + L * block + 2 * C);
  CHECK(nn::count(nn::parameters(tied)) == 112'960);
  config.tied = false;
  Decoder untied(config, 1);
  CHECK(nn::count(nn::parameters(untied)) == 112'960 + V * C);
}

TEST_CASE("weights are drawn from streams of their own, with the variance that is said") {
  Decoder model(toy, 1), again(toy, 1), other(toy, 2);
  CHECK(same_bits(model.tok.weight.value.m, again.tok.weight.value.m));
  CHECK_FALSE(same_bits(model.tok.weight.value.m, other.tok.weight.value.m));
  // A model of other depth has the same first block but for what is scaled by depth.
  DecoderConfig deeper = toy;
  deeper.layers = 3;
  Decoder deep(deeper, 1);
  const auto weight = [](std::unique_ptr<nn::Projection>& p) -> const nn::Matrix& {
    return dynamic_cast<nn::Linear&>(*p).weight.value.m;
  };
  CHECK(same_bits(weight(model.blocks[0]->attn.q), weight(deep.blocks[0]->attn.q)));
  CHECK_FALSE(same_bits(weight(model.blocks[0]->attn.q), weight(model.blocks[0]->attn.k)));

  // 4096 draws or more: a mean square is known to 1/√2048 = 2.2 %, five of which are 11 %.
  const auto variance = [](const nn::Matrix& m) {
    return static_cast<double>(m.squaredNorm()) / static_cast<double>(m.size());
  };
  CHECK(variance(model.tok.weight.value.m) == doctest::Approx(0.01).epsilon(0.11));
  CHECK(variance(weight(model.blocks[0]->attn.q)) == doctest::Approx(1.0 / 64).epsilon(0.11));
  CHECK(variance(weight(model.blocks[1]->attn.o)) == doctest::Approx(1.0 / 64 / 4).epsilon(0.11));
  CHECK(variance(weight(model.blocks[1]->mlp.up)) == doctest::Approx(1.0 / 64).epsilon(0.11));
  CHECK(variance(weight(model.blocks[1]->mlp.down)) ==
        doctest::Approx(1.0 / 256 / 4).epsilon(0.11));
}

TEST_CASE("a token changes no logits before it, and those at it") {
  Decoder model(toy, 1);
  const Index T = 24;
  std::vector<int> ids(static_cast<std::size_t>(T));
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int>(7 * i % 177);
  const nn::Matrix before = logits_of(model, {1, T, ids});
  for (const Index t : {Index{0}, Index{1}, Index{11}, Index{23}}) {
    std::vector<int> changed = ids;
    changed[static_cast<std::size_t>(t)] = 176;
    const nn::Matrix after = logits_of(model, {1, T, changed});
    CHECK(same_bits(before.topRows(t), after.topRows(t)));
    for (Index i = t; i < T; ++i) CHECK_FALSE(same_bits(before.row(i), after.row(i)));
  }
}

TEST_CASE("a row of a batch does not depend on the others") {
  Decoder model(small_config(), 1);
  const std::vector<int> ids{0, 1, 2, 3, 4, 0}, first(ids.begin(), ids.begin() + 3);
  CHECK(logits_of(model, {2, 3, ids}).topRows(3).isApprox(logits_of(model, {1, 3, first}), 1e-5f));
}

TEST_CASE("a position that is padding is seen by no other") {
  Decoder model(small_config(), 1);
  const std::vector<int> ids{0, 1, 2}, other{4, 1, 2};
  const std::vector<unsigned char> padded{0, 1, 1};
  const nn::Matrix with = logits_of(model, {1, 3, ids, padded});
  CHECK(same_bits(with.bottomRows(2), logits_of(model, {1, 3, other, padded}).bottomRows(2)));
  // Without the mask it matters.
  CHECK_FALSE(same_bits(with.bottomRows(2), logits_of(model, {1, 3, ids}).bottomRows(2)));
  CHECK_FALSE(same_bits(logits_of(model, {1, 3, ids}).bottomRows(2),
                        logits_of(model, {1, 3, other}).bottomRows(2)));
}

TEST_CASE("the head is the token table, or one of its own") {
  DecoderConfig config = small_config();
  Decoder tied(config, 1);
  CHECK_FALSE(tied.head);
  config.tied = false;
  Decoder untied(config, 1);
  const std::vector<int> ids{0, 1, 2};
  CHECK_FALSE(same_bits(logits_of(tied, {1, 3, ids}), logits_of(untied, {1, 3, ids})));
  untied.head->value = tied.tok.weight.value;
  CHECK(same_bits(logits_of(tied, {1, 3, ids}), logits_of(untied, {1, 3, ids})));
}

TEST_CASE("inputs that do not fit the model are errors") {
  Decoder model(small_config(), 1);
  const std::vector<int> long_ids{0, 1, 2, 3}, outside{0, 5, 1};
  CHECK(message_of<std::invalid_argument>([&] {
          logits_of(model, {1, 4, long_ids});
        }) == "4 positions, but the context is 3");
  CHECK(message_of<autograd::ShapeError>([&] {
          logits_of(model, {1, 3, long_ids});
        }) == "4 ids for 1 rows of 3");
  CHECK_THROWS_AS(logits_of(model, {1, 3, outside}), std::invalid_argument);
  nn::Tape tape;
  const std::vector<int> ids{0, 1, 2, 3, 4, 0};
  for (const int position : {6, -1}) {
    const int positions[] = {0, position};
    CHECK(message_of<std::invalid_argument>([&] {
            model.logits({tape}, {2, 3, ids}, positions);
          }) == "position " + std::to_string(position) + " is not in 0..5 of 2 rows of 3");
  }
}

TEST_CASE("the logits are those of the positions that are asked for, in that order") {
  Decoder model(small_config(), 1);
  const std::vector<int> ids{0, 1, 2, 3, 4, 0}, wanted{4, 0, 4};
  nn::Tape tape(autograd::TapeMode::values);
  const nn::Matrix all = logits_of(model, {2, 3, ids});
  const nn::Matrix& some = model.logits({tape}, {2, 3, ids}, wanted).value().m;
  REQUIRE(some.rows() == 3);
  for (Index i = 0; i < 3; ++i)
    CHECK(same_bits(some.row(i), all.row(wanted[static_cast<std::size_t>(i)])));
  CHECK(model.logits({tape}, {2, 3, ids}, {}).value().rows() == 0);
}

TEST_CASE("the slots that a configuration gives are those of its decoder") {
  DecoderConfig config = small_config();
  config.layers = 3;
  Decoder model(config, 1);
  std::vector<nn::SlotShape> slots;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    slots.push_back({name, slot->in_features(), slot->out_features()});
  });
  CHECK(nn::slot_shapes(config) == slots);
  CHECK(slots.size() == 18);
}

TEST_CASE("configurations that make no model are refused by field") {
  const auto error = [](auto change) {
    DecoderConfig config = small_config();
    change(config);
    return message_of<std::invalid_argument>([&] { Decoder(config, 1); });
  };
  CHECK(error([](DecoderConfig&) {}) == "");
  CHECK(error([](DecoderConfig& c) { c.vocabulary = 0; }) ==
        "vocabulary must be at least 1, not 0");
  CHECK(error([](DecoderConfig& c) { c.layers = -1; }) == "layers must be at least 1, not -1");
  CHECK(error([](DecoderConfig& c) { c.heads = 3; }) == "3 heads do not divide d_model 4");
  CHECK(error([](DecoderConfig& c) { c.dropout = 1; }) == "dropout must be in [0, 1), not 1");
  CHECK(error([](DecoderConfig& c) { c.embedding_stddev = NAN; }) ==
        "embedding_stddev must be at least 0, not nan");
}

TEST_CASE("a layer norm that could divide by zero, and a dropout that is none, are refused") {
  const auto norm = [](double epsilon) {
    return message_of<std::invalid_argument>([&] { nn::LayerNorm(4, epsilon); });
  };
  CHECK(norm(1e-5) == "");
  CHECK(norm(0) == "LayerNorm wants an epsilon above 0, finite and not rounded to 0, not 0");
  for (const double epsilon : {-1e-5, double(NAN), double(INFINITY), 1e-320})
    CHECK(norm(epsilon).starts_with("LayerNorm wants an epsilon above 0"));

  nn::Parameter x{"x", nn::Tensor({2, 3}), {}, true};
  nn::Random stream(1, "a");
  for (const double p : {-0.1, 1.0, double(NAN)}) {
    nn::Tape tape(autograd::TapeMode::values);
    CHECK_THROWS_AS((nn::Dropout{p}.forward({tape, &stream}, tape.parameter(x))),
                    std::invalid_argument);
  }
}

TEST_CASE("dropout is the identity without a stream, keeps the mean and repeats with its stream") {
  nn::Parameter x{"x", nn::Tensor({100, 100}), {}, true};
  x.value.m.setOnes();
  const auto dropped = [&](nn::Random* stream, double p) {
    nn::Tape tape(autograd::TapeMode::values);
    return nn::Matrix(nn::Dropout{p}.forward({tape, stream}, tape.parameter(x)).value().m);
  };
  nn::Random a(1, "a"), a_again(1, "a"), b(1, "b");
  CHECK(same_bits(dropped(nullptr, 0.25), x.value.m));
  CHECK(same_bits(dropped(&b, 0), x.value.m));
  const nn::Matrix y = dropped(&a, 0.25);
  CHECK(same_bits(y, dropped(&a_again, 0.25)));
  CHECK_FALSE(same_bits(y, dropped(&b, 0.25)));
  // An element is 0 or 4/3, with variance 1/3; the mean of 10,000 is known to 0.0058.
  CHECK(std::abs(static_cast<double>(y.mean()) - 1) < 5 * 0.0058);
  CHECK(((y.array() == 0) || (y.array() == nn::Scalar(4) / 3)).all());
}

TEST_CASE("a decoder drops out on embeddings and sublayers, in passes with a stream") {
  DecoderConfig config = small_config();
  config.dropout = 0.5;
  Decoder model(config, 1);
  const nn::TokenBatch batch = small_batch();
  const auto with = [&](const char* path) {
    nn::Random stream(1, path);
    nn::Tape tape(autograd::TapeMode::values);
    return nn::Matrix(model
                          .logits({tape, &stream}, {batch.B, batch.T, batch.ids},
                                  nn::all_positions({batch.B, batch.T, batch.ids}))
                          .value()
                          .m);
  };
  CHECK(same_bits(with("a"), with("a")));
  CHECK_FALSE(same_bits(with("a"), with("b")));
  Decoder without(small_config(), 1);
  CHECK(same_bits(logits_of_batch(model, batch), logits_of_batch(without, batch)));
}

namespace {

// A batch in which three positions of two rows count, and the gradients of its loss: with the rows
// that count taken before the end of the last block, or after the whole of it.
struct Losses {
  nn::Matrix logits, all_logits;
  std::vector<nn::Matrix> gradients, all_gradients;
  double flops = 0, all_flops = 0;
};

Losses losses_of(Decoder& model) {
  const Index B = 2, T = 5;
  const std::vector<int> ids{0, 1, 2, 3, 4, 0, 4, 3, 2, 1}, wanted{4, 1, 7}, targets{0, 2, 4};
  Losses result;
  const auto run = [&](const auto& logits, nn::Matrix& values, std::vector<nn::Matrix>& gradients) {
    nn::Tape tape(autograd::TapeMode::training);
    for (nn::Parameter* p : nn::parameters(model)) p->zero_grad();
    const nn::Var y = logits(tape);
    values = y.value().m;
    tape.backward(autograd::cross_entropy(y, {targets, {}, -1, 0}));
    for (nn::Parameter* p : nn::parameters(model)) gradients.push_back(p->grad.m);
    return tape.stats().gemm_flops;
  };
  result.flops = run(
      [&](nn::Tape& tape) {
        return model.logits({tape}, {B, T, ids}, wanted);
      },
      result.logits, result.gradients);
  result.all_flops = run(
      [&](nn::Tape& tape) {
        const std::vector<int> all = nn::all_positions({B, T, ids});
        return autograd::take_rows(model.logits({tape}, {B, T, ids}, all), wanted);
      },
      result.all_logits, result.all_gradients);
  return result;
}

}  // namespace

TEST_CASE("only wanted rows are computed at the end of the last block: the same bits for less") {
  for (const bool prefix : {false, true}) {
    Decoder model({.vocabulary = 5, .context = 5, .d_model = 32, .heads = 2, .d_mlp = 64}, 1);
    if (prefix) put_prefix(model, 2);
    const Losses losses = losses_of(model);
    CHECK(same_bits(losses.logits, losses.all_logits));
    // Seven rows less through o, up, down and the head, each a product forward and two backward.
    const double C = 32, d_mlp = 64, V = 5;
    CHECK(losses.all_flops - losses.flops == 3 * 2 * 7 * (C * C + 2 * C * d_mlp + C * V));
    double size = 0;
    for (std::size_t i = 0; i < losses.gradients.size(); ++i) {
      const nn::Matrix difference = losses.gradients[i] - losses.all_gradients[i];
      CHECK(difference.cwiseAbs().maxCoeff() < 1e-6);
      size += double(losses.gradients[i].norm());
    }
    CHECK(size > 1);
  }
}

}  // namespace transformer_test
