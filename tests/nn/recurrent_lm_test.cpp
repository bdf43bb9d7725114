#include "nn/recurrent/recurrent_lm.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lora/files/adapter.h"
#include "lora/merge.h"
#include "nn/loss.h"
#include "nn/recurrent/recurrent_lm_file.h"
#include "tests/nn/small_decoder.h"
#include "tests/nn/temporary_folder.h"

namespace recurrent_lm_test {

// Built in float and in double.

using nn::Index;
using nn::Parameter;
using nn::RecurrentKind;
using nn::RecurrentLm;
using nn::RecurrentLmConfig;

namespace {

constexpr RecurrentKind kinds[] = {RecurrentKind::lstm, RecurrentKind::gru};

RecurrentLmConfig small(RecurrentKind kind) {
  return {.kind = kind, .vocabulary = 5, .context = 4, .hidden = 3, .layers = 2};
}

nn::Matrix logits_for(RecurrentLm& model, std::vector<int> ids, Index B,
                      std::vector<unsigned char> mask = {}) {
  return logits_of(model, {B, static_cast<Index>(ids.size()) / B, ids, std::move(mask)});
}

lora::LoraConfig both(Index rank) {
  lora::LoraConfig config;
  config.targets = {"ih_l0", "hh_l0", "ih_l1", "hh_l1"};
  config.spec.rank = rank;
  config.spec.alpha = 2;
  return config;
}

void fill_b(nn::Module& model) {
  for (const auto& [name, layer] : lora::lora_layers(model))
    layer->B.set(nn::Random(7, name).normal(layer->B.value.shape, 0.5));
}

std::vector<std::string> names_of(nn::Module& model) {
  std::vector<std::string> names;
  model.visit("", [&](const std::string& name, Parameter& p) {
    names.push_back(name);
    CHECK(p.name == name);
  });
  return names;
}

}  // namespace

TEST_CASE("parameters and slots have the names that adapters and PyTorch's files lead to") {
  RecurrentLm model(small(RecurrentKind::gru), 1);
  CHECK(names_of(model) == std::vector<std::string>{"tok.weight", "rnn.ih_l0.weight",
                                                    "rnn.ih_l0.bias", "rnn.hh_l0.weight",
                                                    "rnn.hh_l0.bias", "rnn.ih_l1.weight",
                                                    "rnn.ih_l1.bias", "rnn.hh_l1.weight",
                                                    "rnn.hh_l1.bias", "head.weight"});
  CHECK(nn::pytorch_name("rnn.ih_l0.weight") == "rnn.weight_ih_l0");
  const auto shapes = nn::parameter_shapes(model.config);
  model.visit(
      "", [&](const std::string& name, Parameter& p) { CHECK(shapes.at(name) == p.value.shape); });
  CHECK(shapes.size() == 10);
  CHECK(model.rnn.layers[0].ih->out_features() == 9);
  CHECK(RecurrentLm(small(RecurrentKind::lstm), 1).rnn.layers[1].hh->out_features() == 12);
}

TEST_CASE("a position sees itself and what is before it, and nothing else") {
  for (const RecurrentKind kind : kinds) {
    RecurrentLm model(small(kind), 1);
    const nn::Matrix a = logits_for(model, {1, 2, 3, 4}, 1), b = logits_for(model, {1, 2, 0, 4}, 1);
    CHECK(same_bits(a.topRows(2), b.topRows(2)));
    CHECK((a.row(2) - b.row(2)).norm() > 1e-4);
    CHECK((a.row(3) - b.row(3)).norm() > 1e-6);  // the state hands it on
    // Logits come at the positions that are asked for, in their order.
    nn::Tape tape(autograd::TapeMode::values);
    const std::vector<int> ids{1, 2, 3, 4}, wanted{3, 1};
    const nn::Matrix some = model.logits({tape}, {1, 4, ids}, wanted).value().m;
    CHECK(some.row(0).isApprox(a.row(3)));
    CHECK(some.row(1).isApprox(a.row(1)));
  }
}

TEST_CASE("padding behind a row changes nothing, and elsewhere it is refused") {
  for (const RecurrentKind kind : kinds) {
    RecurrentLm model(small(kind), 1);
    const nn::Matrix alone = logits_for(model, {1, 2}, 1);
    const nn::Matrix padded =
        logits_for(model, {1, 2, 4, 4, 3, 0, 1, 2}, 2, {1, 1, 0, 0, 1, 1, 1, 1});
    CHECK(padded.topRows(2).isApprox(alone));
    CHECK(padded.bottomRows(4).isApprox(logits_for(model, {3, 0, 1, 2}, 1)));
    CHECK(message_of<std::invalid_argument>([&] {
            logits_for(model, {4, 1, 2, 3}, 1, {0, 1, 1, 1});
          }) == "a recurrent model wants padding behind the tokens of a row");
    CHECK_THROWS_AS(logits_for(model, {1, 2, 3, 4, 0}, 1), std::invalid_argument);
  }
}

TEST_CASE("LoRA at its start changes nothing, then something, and merges into the weights") {
  for (const RecurrentKind kind : kinds) {
    RecurrentLm model(small(kind), 1);
    const nn::Matrix before = logits_of_batch(model, small_batch());
    CHECK(lora::inject(model, both(2), 3).size() == 4);
    const Index stacked = nn::gates(kind) * 3;
    CHECK(nn::count(nn::trainable_parameters(model)) == 4 * 2 * (3 + stacked));
    CHECK(same_bits(logits_of_batch(model, small_batch()), before));
    fill_b(model);
    const nn::Matrix adapted = logits_of_batch(model, small_batch());
    CHECK((adapted - before).norm() > 1e-2);
    lora::merge(model);
    CHECK((logits_of_batch(model, small_batch()) - adapted).norm() < 1e-5);
    lora::unmerge(model);
    CHECK(same_bits(logits_of_batch(model, small_batch()), adapted));
  }
  RecurrentLm model(small(RecurrentKind::lstm), 1);
  lora::LoraConfig wrong = both(2);
  wrong.targets = {"ih"};
  CHECK(message_of<std::invalid_argument>([&] { lora::inject(model, wrong, 3); }) ==
        "'ih' matches no projection; there are rnn.ih_l0, rnn.hh_l0, rnn.ih_l1, rnn.hh_l1");
}

TEST_CASE("an adapter is saved and loaded, and a model in one file, bit for bit") {
  const TemporaryFolder folder;
  for (const RecurrentKind kind : kinds) {
    RecurrentLm model(small(kind), 1);
    const auto path = folder.path() / (nn::to_string(kind) + ".safetensors");
    nn::save_checkpoint(path, model, {{"who", "a test"}});
    const auto loaded = nn::load_recurrent_lm(path);
    CHECK(loaded->config == model.config);
    CHECK(nn::fingerprint(*loaded) == nn::fingerprint(model));

    lora::inject(model, both(2), 3);
    fill_b(model);
    lora::save_adapter(folder.path() / nn::to_string(kind), model);
    RecurrentLm base(small(kind), 1), other(small(kind), 2);
    lora::load_adapter(folder.path() / nn::to_string(kind), base);
    CHECK((logits_of_batch(base, small_batch()) - logits_of_batch(model, small_batch())).norm() <
          1e-5);
    CHECK_THROWS_AS(lora::load_adapter(folder.path() / nn::to_string(kind), other),
                    lora::AdapterError);
    CHECK(message_of<nn::CheckpointError>([&] {
            nn::save_checkpoint(path, model);
          }).find("parameters that a plain model does not have (unwrap it first): ") !=
          std::string::npos);
  }
}

TEST_CASE("the file of another architecture, or of another configuration, is refused") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "model.safetensors";
  RecurrentLm model(small(RecurrentKind::lstm), 1);
  nn::save_checkpoint(path, model);
  CHECK(message_of<nn::CheckpointError>([&] { nn::load_checkpoint(path); }) ==
        path.string() + ": the configuration names another architecture: it is no decoder's");
  nn::Decoder decoder(small_config(), 1);
  nn::save_checkpoint(path, decoder);
  CHECK(message_of<nn::CheckpointError>([&] { nn::load_recurrent_lm(path); }) ==
        path.string() + ": the configuration has no \"architecture\"");

  const auto refusal = [](const std::string& text) {
    return message_of<nn::CheckpointError>([&] { nn::recurrent_lm_config_from_json(text); });
  };
  const std::string good = nn::to_json(small(RecurrentKind::gru));
  CHECK(nn::recurrent_lm_config_from_json(good) == small(RecurrentKind::gru));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return refusal(text.replace(text.find(from), from.size(), to));
  };
  CHECK(with("\"gru\"", "\"rnn\"") ==
        "\"architecture\" of the configuration must be \"lstm\" or \"gru\", not \"rnn\"");
  CHECK(with("\"layers\":2", "\"layers\":0") ==
        "the configuration makes no model: layers must be at least 1, not 0");
  CHECK(with("\"hidden\"", "\"width\"") == "the configuration has no \"hidden\"");
  CHECK(with("\"hidden\":3", "\"hidden\":3,\"heads\":1") ==
        "the configuration has the unknown member \"heads\"");
}

}  // namespace recurrent_lm_test
