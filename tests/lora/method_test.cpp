#include "lora/methods/method.h"

#include <doctest/doctest.h>

#include <set>

#include "lora/files/adapter.h"
#include "nn/optimizer.h"
#include "tests/lora/all_methods.h"

namespace method_test {

using lora::MethodSpec;
using nn::Decoder;
using nn::Index;
using Names = std::vector<std::string>;

namespace {

Names trained_names(nn::Module& model) {
  Names names;
  for (const nn::Parameter* p : nn::trainable_parameters(model)) names.push_back(p->name);
  return names;
}

void train(Decoder& model, int steps) {
  nn::AdamW adam({{nn::trainable_parameters(model), 0.1}});
  nn::Tape tape(autograd::TapeMode::training);
  for (int step = 0; step < steps; ++step) {
    tape.clear();
    adam.zero_grad();
    tape.backward(token_loss({tape}, model, small_batch()));
    adam.step(1e-2);
  }
}

std::string refusal(const MethodSpec& spec) {
  Decoder model(small_config(), 1);
  const Snapshot before(model);
  const std::string validated =
      message_of<std::invalid_argument>([&] { lora::validate(spec, model.config); });
  const std::string counted =
      message_of<std::invalid_argument>([&] { lora::count(spec, model.config); });
  const std::string message =
      message_of<std::invalid_argument>([&] { lora::wrap(model, spec, 5); });
  CHECK(validated == message);
  CHECK(counted == message);
  if (!message.empty()) CHECK(Snapshot(model) == before);
  return message;
}

}  // namespace

TEST_CASE("the specifications of these tests are of every method") {
  std::set<std::string> named, there;
  for (const MethodSpec& spec : some_of_each_method()) named.insert(spec.name);
  for (const lora::Method* m : lora::all_methods()) there.insert(m->name);
  CHECK(named == there);
  CHECK(there.size() == 10);
}

TEST_CASE("counts by formula are those of the wrapped model, for models of any shape") {
  nn::DecoderConfig untied = small_config(), toy, odd;
  untied.tied = false;
  toy = {.vocabulary = 177, .context = 24, .d_model = 64, .layers = 2, .heads = 4, .d_mlp = 256};
  odd = {.vocabulary = 6, .context = 5, .d_model = 9, .layers = 3, .heads = 3, .d_mlp = 2};
  for (const nn::DecoderConfig& config : {small_config(), untied, toy, odd}) {
    for (const MethodSpec& spec : some_of_each_method()) {
      Decoder model = wrapped(spec, 5, config);
      const Index trained = nn::count(nn::trainable_parameters(model));
      CHECK_MESSAGE(trained == lora::count(spec, config), spec.name);
      CHECK(trained > 0);
    }
  }
}

TEST_CASE("counts of models too large to build are those that the paper prints") {
  // GPT-3 175B and GPT-2 medium; tables 3, 4 and 15 of Hu et al. 2021.
  const nn::DecoderConfig gpt3{.vocabulary = 50257,
                               .context = 2048,
                               .d_model = 12288,
                               .layers = 96,
                               .heads = 96,
                               .d_mlp = 49152};
  const nn::DecoderConfig medium{.vocabulary = 50257,
                                 .context = 1024,
                                 .d_model = 1024,
                                 .layers = 24,
                                 .heads = 16,
                                 .d_mlp = 4096};
  const auto millions = [](const MethodSpec& spec, const nn::DecoderConfig& config) {
    return static_cast<double>(lora::count(spec, config)) / 1e6;
  };
  lora::LoraConfig q_v = everywhere(8), v = everywhere(2);
  q_v.targets = {"q", "v"};
  v.targets = {"v"};
  CHECK(millions({"adapter-h", 1}, gpt3) == doctest::Approx(7.1).epsilon(0.005));
  CHECK(millions({"adapter-h", 8}, gpt3) == doctest::Approx(40.1).epsilon(0.005));
  CHECK(millions({"lora", 0, v}, gpt3) == doctest::Approx(4.7).epsilon(0.005));
  CHECK(millions({"lora", 0, q_v}, gpt3) == doctest::Approx(37.7).epsilon(0.005));
  CHECK(millions({"full"}, medium) == doctest::Approx(354.92).epsilon(0.0003));
  CHECK(millions({"top-layers", 2}, medium) == doctest::Approx(25.19).epsilon(0.0003));
}

TEST_CASE("what trains") {
  const auto names_of = [](const MethodSpec& spec) {
    Decoder model = wrapped(spec);
    return trained_names(model);
  };
  Decoder plain(small_config(), 1);
  CHECK(names_of({"full"}) == trained_names(plain));
  const Names top = names_of({"top-layers", 1});
  CHECK(top.size() == 16 + 2);
  CHECK(top.front() == "blocks.1.ln1.weight");
  CHECK(top.back() == "ln_f.bias");
  for (const std::string& name : names_of({"bitfit"})) CHECK(name.ends_with(".bias"));
  CHECK(names_of({"bitfit"}).size() == 2 * (6 + 2) + 1);
  CHECK(names_of({"prefix-embedding", 2}) == Names{"prefix.rows"});
  CHECK(names_of({"prefix-layer", 2}) == Names{"prefix.rows"});
  CHECK(names_of({"prompt-encoder", 2}) ==
        Names{"prefix.inputs", "prefix.left_to_right.input.weight",
              "prefix.left_to_right.input.bias", "prefix.left_to_right.hidden.weight",
              "prefix.right_to_left.input.weight", "prefix.right_to_left.input.bias",
              "prefix.right_to_left.hidden.weight", "prefix.up.weight", "prefix.up.bias",
              "prefix.out.weight", "prefix.out.bias"});
  const Names h = names_of({"adapter-h", 2});
  CHECK(Names(h.begin(), h.begin() + 5) ==
        Names{"blocks.0.attn.o.adapter.down.weight", "blocks.0.attn.o.adapter.down.bias",
              "blocks.0.attn.o.adapter.up.weight", "blocks.0.attn.o.adapter.up.bias",
              "blocks.0.mlp.down.adapter.down.weight"});
  CHECK(h.size() == 2 * 2 * 4);
  const Names l = names_of({"adapter-l", 2});
  CHECK(Names(l.begin(), l.begin() + 2) ==
        Names{"blocks.0.mlp.down.adapter.norm.weight", "blocks.0.mlp.down.adapter.norm.bias"});
  CHECK(l.size() == 2 * 6);
  lora::LoraConfig q = everywhere();
  q.targets = {"blocks.1.attn.q"};
  CHECK(names_of({"lora", 0, q}) == Names{"blocks.1.attn.q.lora_A", "blocks.1.attn.q.lora_B"});
  CHECK(names_of({"lora+prefix", 2, q}) ==
        Names{"blocks.1.attn.q.lora_A", "blocks.1.attn.q.lora_B", "prefix.rows"});
}

TEST_CASE("methods that start as the base give its logits bit for bit, and the others do not") {
  Decoder base(small_config(), 1);
  const nn::Matrix logits = logits_of_batch(base, small_batch());
  for (const MethodSpec& spec : some_of_each_method()) {
    Decoder model = wrapped(spec);
    CHECK_MESSAGE(same_bits(logits_of_batch(model, small_batch()), logits) ==
                      lora::method(spec.name).starts_as_base,
                  spec.name);
  }
}

TEST_CASE("training moves what trains, all of it, and not a bit of anything else") {
  Decoder base(small_config(), 1);
  std::map<std::string, nn::Matrix> originals;
  base.visit("", [&](const std::string& name, nn::Parameter& p) { originals[name] = p.value.m; });
  const nn::Matrix logits = logits_of_batch(base, small_batch());
  for (const MethodSpec& spec : some_of_each_method()) {
    Decoder model = wrapped(spec);
    const Snapshot before(model);
    train(model, 5);
    const Snapshot after(model);
    CHECK(before.names == after.names);
    std::size_t i = 0, frozen = 0;
    model.visit("", [&](const std::string& name, nn::Parameter& p) {
      CHECK_MESSAGE(same_bits(before.values[i], after.values[i]) == !p.trainable,
                    spec.name << ": " << name);
      CHECK(p.trainable == !p.grad.empty());
      std::string plain = name;
      if (const auto at = plain.rfind(".base."); at != std::string::npos) plain.erase(at, 5);
      if (!p.trainable) CHECK(same_bits(p.value.m, originals.at(plain)));
      frozen += !p.trainable;
      ++i;
    });
    CHECK((frozen > 0) == (spec.name != "full"));
    CHECK_FALSE(same_bits(logits_of_batch(model, small_batch()), logits));
  }
}

TEST_CASE("what is drawn depends on the seed and, for W_down, on the width") {
  for (const MethodSpec& spec : some_of_each_method()) {
    Decoder a = wrapped(spec, 5), again = wrapped(spec, 5), other = wrapped(spec, 6);
    CHECK(Snapshot(a) == Snapshot(again));
    const bool draws = spec.name != "full" && spec.name != "top-layers" && spec.name != "bitfit";
    CHECK_MESSAGE((Snapshot(a) == Snapshot(other)) == !draws, spec.name);
  }
  const auto down = [](Index width) {
    Decoder model = wrapped({"adapter-h", width});
    return nn::Matrix(nn::trainable_parameters(model).front()->value.m);
  };
  CHECK_FALSE(same_bits(down(4).topRows(2), down(2)));
}

TEST_CASE("prefix-layer starts as prefix-embedding, of which it frees the later blocks") {
  Decoder embedding = wrapped({"prefix-embedding", 3}), layer = wrapped({"prefix-layer", 3});
  const auto difference = [&] {
    return (logits_of_batch(embedding, small_batch()) - logits_of_batch(layer, small_batch()))
        .cwiseAbs()
        .maxCoeff();
  };
  CHECK(difference() < 1e-5f);
  nn::parameters(layer).back()->value.m.bottomRows(3) *= -1;  // what enters block 1
  CHECK(difference() > 1e-3f);
}

TEST_CASE("specifications that make no method are refused by name, and change nothing") {
  CHECK(refusal({"full"}) == "");
  CHECK(refusal({"frozen"}) ==
        "unknown method 'frozen'; valid are full, top-layers, bitfit, prefix-embedding, "
        "prefix-layer, prompt-encoder, adapter-h, adapter-l, lora, lora+prefix");
  CHECK(refusal({"bitfit", 1}) == "bitfit has no size, but 1 is given");
  CHECK(refusal({"top-layers", 3}) == "the size of top-layers (blocks) must be in 1..2, not 3");
  for (const char* sized : {"top-layers", "prefix-embedding", "prefix-layer", "prompt-encoder",
                            "adapter-h", "adapter-l"})
    CHECK(refusal({sized}).ends_with(", not 0"));
  CHECK(refusal({"adapter-h", 1'000'001}) ==
        "the size of adapter-h (bottleneck width) must be in 1..1000000, not 1000001");
  CHECK(refusal({"adapter-h", 2, everywhere()}) ==
        "adapter-h has no LoRA layers, but targets are given");
  CHECK(refusal({"lora"}) == "no LoRA targets were given");
  CHECK(refusal({"lora", 2, everywhere()}) == "lora has no size, but 2 is given");
  CHECK(refusal({"lora+prefix", 0, everywhere()}) ==
        "the size of lora+prefix (prefix length) must be in 1..1000000, not 0");
  CHECK(refusal({"lora", 0, everywhere(5)}) ==
        "rank 5 for blocks.0.attn.q: valid are 1 to 4, the smaller side of its (4,4)");
}

TEST_CASE("a model that is wrapped already is refused by every method") {
  for (const MethodSpec& first : some_of_each_method()) {
    Decoder model = wrapped(first);
    const Snapshot before(model);
    const bool plain = first.name == "full" || first.name == "top-layers" || first.name == "bitfit";
    if (plain) continue;  // the model is a plain decoder still
    for (const MethodSpec& second : some_of_each_method())
      CHECK(message_of<std::invalid_argument>([&] {
              lora::wrap(model, second, 5);
            }).starts_with(second.name + " wants a plain decoder, and this one has "));
    CHECK(Snapshot(model) == before);
  }
}

}  // namespace method_test
