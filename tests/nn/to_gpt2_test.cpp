#include "nn/models/to_gpt2.h"

#include <doctest/doctest.h>

#include "nn/files/file.h"
#include "nn/models/model_folder.h"
#include "tests/nn/temporary_folder.h"

// A decoder of nn/ and what is read back of its checkpoint of GPT-2.
namespace to_gpt2_test {

using nn::Matrix;

namespace {

Matrix logits(nn::Model& model) {
  const std::vector<int> ids{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};  // two rows of 6
  const nn::Tokens tokens{2, 6, ids};
  nn::Tape tape(autograd::TapeMode::values);
  return model.logits({tape}, tokens, nn::all_positions(tokens)).value().m;
}

// No parameter is what it starts as, or a bias that is lost would not show.
std::unique_ptr<nn::Decoder> decoder(bool tied, autograd::Gelu gelu) {
  auto model = std::make_unique<nn::Decoder>(
      nn::DecoderConfig{.vocabulary = 11, .context = 8, .tied = tied, .gelu = gelu}, 1);
  nn::Random random(2, "to_gpt2_test");
  for (nn::Parameter* p : nn::parameters(*model))
    p->value.m += random.normal(p->value.shape, 0.1).m;
  return model;
}

}  // namespace

TEST_CASE("a decoder as GPT-2 has the same logits, bit for bit") {
  for (const bool tied : {true, false})
    for (const auto gelu : {autograd::Gelu::erf, autograd::Gelu::tanh}) {
      const TemporaryFolder folder;
      const auto model = decoder(tied, gelu);
      nn::write_gpt2(folder.path(), *model, 7);
      const auto read = nn::ModelFolder(folder.path()).load();
      CHECK(logits(*read) == logits(*model));
      CHECK(folder.names() == std::vector<std::string>{"config.json", "model.safetensors"});
    }
}

TEST_CASE("control: the other gelu, and q and k exchanged, are seen") {
  const TemporaryFolder folder;
  const auto model = decoder(true, autograd::Gelu::erf), tanh = decoder(true, autograd::Gelu::tanh);
  nn::write_gpt2(folder.path(), *model);
  const auto read = nn::ModelFolder(folder.path()).load({.split_c_attn = true});
  CHECK(logits(*read) == logits(*model));
  CHECK(logits(*read) != logits(*tanh));
  std::map<std::string, nn::Parameter*> of;
  for (nn::Parameter* p : nn::parameters(*read)) of[p->name] = p;
  std::swap(of.at("transformer.h.0.attn.c_attn.q.bias")->value.m,
            of.at("transformer.h.0.attn.c_attn.k.bias")->value.m);
  CHECK(logits(*read) != logits(*model));
}

TEST_CASE("where a projection is in GPT-2, and what has no place there") {
  CHECK(nn::gpt2_place("blocks.1.attn.k", 64).name == "transformer.h.1.attn.c_attn");
  CHECK(nn::gpt2_place("blocks.1.attn.k", 64).begin == 64);
  CHECK(nn::gpt2_place("blocks.0.mlp.down", 64).name == "transformer.h.0.mlp.c_proj");
  CHECK_THROWS_WITH_AS(nn::gpt2_place("blocks.0.attn.x", 64),
                       "GPT-2 has no place for blocks.0.attn.x", std::invalid_argument);

  struct Rows final : nn::Prefix {
    nn::Parameter p;
    Rows() { p.value = nn::Tensor({1, 64}); }
    nn::Index length() const override { return 1; }
    std::optional<nn::Var> rows(const nn::Pass& pass, nn::Index) override {
      return pass.tape.parameter(p);
    }
    void visit(const std::string& prefix, const Visitor& fn) override {
      fn(nn::join(prefix, "weight"), p);
    }
  };
  const TemporaryFolder folder;
  const auto model = decoder(true, autograd::Gelu::erf);
  model->prefix = std::make_unique<Rows>();
  CHECK_THROWS_WITH_AS(nn::write_gpt2(folder / "x", *model), "GPT-2 has no place for prefix",
                       std::invalid_argument);
  CHECK(folder.names().empty());
}

}  // namespace to_gpt2_test
