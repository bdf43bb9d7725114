#include "lora/inject.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/lora/small_model.h"

namespace inject_test {

using lora::LoraConfig;
using lora::LoraLinear;
using Names = std::vector<std::string>;

namespace {

Names wrapped(const LoraConfig& config) {
  nn::Decoder model(small_config(), 1);
  lora::inject(model, config, 5);
  Names names;
  for (const auto& [name, layer] : lora::lora_layers(model)) names.push_back(name);
  return names;
}

Names wrapped_by(const Names& targets) {
  LoraConfig config = everywhere();
  config.targets = targets;
  return wrapped(config);
}

/// The message of an injection that is refused, after which the model must be as it was.
std::string refusal(const LoraConfig& config) {
  nn::Decoder model(small_config(), 1);
  const Snapshot before(model);
  const std::string planned = message_of<std::invalid_argument>([&] { lora::plan(model, config); });
  const std::string message =
      message_of<std::invalid_argument>([&] { lora::inject(model, config, 5); });
  CHECK(planned == message);
  if (!message.empty()) CHECK(Snapshot(model) == before);
  return message;
}

const std::string there_are =
    "matches no projection; there are blocks.0.attn.q, blocks.0.attn.k, blocks.0.attn.v, "
    "blocks.0.attn.o, blocks.0.mlp.up, blocks.0.mlp.down, blocks.1.attn.q, blocks.1.attn.k, "
    "blocks.1.attn.v, blocks.1.attn.o, blocks.1.mlp.up, blocks.1.mlp.down";

}  // namespace

TEST_CASE("targets are suffixes after a dot, full names or a regular expression") {
  CHECK(wrapped_by({"q"}) == Names{"blocks.0.attn.q", "blocks.1.attn.q"});
  CHECK(wrapped_by({"attn.v", "q", "q"}) ==
        Names{"blocks.0.attn.q", "blocks.0.attn.v", "blocks.1.attn.q", "blocks.1.attn.v"});
  CHECK(wrapped_by({"blocks.1.mlp.down"}) == Names{"blocks.1.mlp.down"});
  LoraConfig config = everywhere();
  config.targets.clear();
  config.targets_regex = R"(blocks\.1\.attn\.[qv])";
  CHECK(wrapped(config) == Names{"blocks.1.attn.q", "blocks.1.attn.v"});
  config.targets_regex = ".*p";  // of full names, so not of "blocks.0.mlp.down"
  CHECK(wrapped(config) == Names{"blocks.0.mlp.up", "blocks.1.mlp.up"});
}

TEST_CASE("the first pattern that matches gives a projection its rank and alpha") {
  nn::Decoder model(small_config(), 1);
  LoraConfig config = everywhere();
  config.rank_pattern = {{"blocks.0.attn.q", 1}, {"q", 3}, {"mlp.down", 4}};
  config.alpha_pattern = {{"down", 0.5}};
  lora::inject(model, config, 5);
  for (const auto& [name, layer] : lora::lora_layers(model)) {
    const nn::Index rank = name == "blocks.0.attn.q"   ? 1
                           : name == "blocks.1.attn.q" ? 3
                           : name.ends_with("down")    ? 4
                                                       : 2;
    CHECK(layer->spec.rank == rank);
    CHECK(layer->spec.alpha == (name.ends_with("down") ? 0.5 : 3));
    CHECK(layer->A.value.shape == nn::Shape{rank, layer->in_features()});
    CHECK(layer->B.value.shape == nn::Shape{layer->out_features(), rank});
  }
}

TEST_CASE("an entry that matches nothing is an error that lists the names") {
  LoraConfig config = everywhere();
  config.targets = {"q", "query"};
  CHECK(refusal(config) == "'query' " + there_are);
  config.targets = {"tn.q"};
  CHECK(refusal(config) == "'tn.q' " + there_are);
  config.targets = {""};
  CHECK(refusal(config) == "'' " + there_are);
  config.targets = {};
  CHECK(refusal(config) == "no LoRA targets were given");
  config.targets_regex = "attn";
  CHECK(refusal(config) == "'attn' " + there_are);
  config.targets_regex = std::string("(");
  CHECK(refusal(config).starts_with("'(' is no regular expression: "));
  config.targets_regex = ".*q";
  config.targets = {"q"};
  CHECK(refusal(config) == "LoRA targets were given both as a list and as a regular expression");

  config = everywhere();
  config.targets = {"q"};
  config.rank_pattern = {{"v", 2}};  // a projection, but none of the targets
  CHECK(refusal(config) == "'v' matches no projection; there are blocks.0.attn.q, blocks.1.attn.q");
  config.rank_pattern = {};
  config.alpha_pattern = {{"mlp", 2}};
  CHECK(refusal(config).starts_with("'mlp' matches no projection"));
}

TEST_CASE("a model without slots says so, whatever the targets are") {
  nn::LayerNorm model(4);
  LoraConfig list = everywhere(), expression = everywhere();
  expression.targets.clear();
  expression.targets_regex = ".*";
  for (const LoraConfig& config : {list, expression}) {
    const auto refused = [&](auto action) { return message_of<std::invalid_argument>(action); };
    CHECK(refused([&] { lora::plan(model, config); }) ==
          "the model has no projections in slots to wrap");
    CHECK(refused([&] { lora::inject(model, config, 5); }) ==
          "the model has no projections in slots to wrap");
  }
  CHECK(model.weight.trainable);  // inject froze nothing
}

TEST_CASE("specifications that make no layer are errors, also for the last of many") {
  LoraConfig config = everywhere();
  config.spec.rank = 0;
  CHECK(refusal(config) ==
        "rank 0 for blocks.0.attn.q: valid are 1 to 4, the smaller side of its (4,4)");
  config.spec.rank = 2;
  config.rank_pattern = {{"blocks.1.mlp.down", 5}};
  CHECK(refusal(config) ==
        "rank 5 for blocks.1.mlp.down: valid are 1 to 4, the smaller side of its (4,7)");
  config.rank_pattern = {};
  for (const double alpha : {static_cast<double>(NAN), HUGE_VAL, -HUGE_VAL}) {
    config.spec.alpha = alpha;
    CHECK(refusal(config).starts_with("alpha must be finite, not "));
  }
  config.spec.alpha = 1;
  config.spec.dropout = 1;
  CHECK(refusal(config) == "LoRA dropout must be in [0, 1), not 1");
}

TEST_CASE("what is wrapped cannot be wrapped again") {
  nn::Decoder model(small_config(), 1);
  LoraConfig config = everywhere();
  config.targets = {"v"};
  lora::inject(model, config, 5);
  const Snapshot before(model);
  CHECK(message_of<std::invalid_argument>([&] { lora::inject(model, everywhere(), 5); }) ==
        "blocks.0.attn.v is wrapped already");
  CHECK(Snapshot(model) == before);
}

TEST_CASE("the plan says what inject does, by formula") {
  nn::Decoder model(small_config(), 1);
  LoraConfig config = everywhere(2, 3);
  config.targets = {"blocks.0.attn.q", "blocks.1.mlp.up"};
  config.rank_pattern = {{"up", 3}};
  const Snapshot before(model);
  const auto targets = lora::plan(model, config);
  CHECK(Snapshot(model) == before);
  CHECK(lora::describe(targets) ==
        "projection                  (out,in)     r  scale                    r (in + out)\n"
        "blocks.0.attn.q                (4,4)     2  alpha/r = 3/2 = 1.5      2 (4 + 4) = 16\n"
        "blocks.1.mlp.up                (7,4)     3  alpha/r = 3/3 = 1        3 (4 + 7) = 33\n"
        "2 projections, 49 trainable parameters\n");
  const auto layers = lora::inject(model, config, 5);
  CHECK(layers.size() == 2);
  CHECK(nn::count(nn::trainable_parameters(model)) == 49);
}

TEST_CASE("counts are 2 r d for square and r (in + out) for other matrices") {
  for (const nn::Index r : {1, 2, 4}) {
    nn::Decoder model(small_config(), 1);
    LoraConfig config = everywhere(r);
    config.targets = {"q", "v"};
    lora::inject(model, config, 5);
    CHECK(nn::count(nn::trainable_parameters(model)) == 2 * 2 * (2 * r * 4));
    nn::Decoder rectangular(small_config(), 1);
    config.targets = {"up", "down"};
    lora::inject(rectangular, config, 5);
    CHECK(nn::count(nn::trainable_parameters(rectangular)) == 2 * 2 * (r * (4 + 7)));
  }
}

TEST_CASE("names are today's, wrapped and unwrapped") {
  nn::Decoder model(small_config(), 1);
  const Snapshot before(model);
  lora::inject(model, everywhere(), 5);
  Names names;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    CHECK(p.name == name);
    CHECK(p.trainable == (name.ends_with(".lora_A") || name.ends_with(".lora_B")));
    names.push_back(name);
  });
  CHECK(Names(names.begin() + 4, names.begin() + 8) ==
        Names{"blocks.0.attn.q.base.weight", "blocks.0.attn.q.base.bias", "blocks.0.attn.q.lora_A",
              "blocks.0.attn.q.lora_B"});
  lora::unwrap(model);
  CHECK(lora::lora_layers(model).empty());
  CHECK(Snapshot(model).names == before.names);
  for (std::size_t i = 0; i < before.values.size(); ++i)
    CHECK(same_bits(Snapshot(model).values[i], before.values[i]));
}

TEST_CASE("A is drawn from a stream of its own for each name, rank and seed") {
  const auto first_a = [](nn::Index rank, std::uint64_t seed, const std::string& target) {
    nn::Decoder model(small_config(), 1);
    LoraConfig config = everywhere(rank);
    config.targets = {target};
    return nn::Matrix(lora::inject(model, config, seed).front()->A.value.m);
  };
  const nn::Matrix a = first_a(2, 5, "q");
  CHECK(same_bits(a, first_a(2, 5, "q")));
  CHECK_FALSE(same_bits(a, first_a(2, 6, "q")));
  CHECK_FALSE(same_bits(a, first_a(2, 5, "v")));
  CHECK_FALSE(same_bits(a, first_a(4, 5, "q").topRows(2)));
}

TEST_CASE("A has the variance of its initialisation, and B is zero") {
  const nn::Index in = 50, r = 40;
  for (const lora::Init init : {lora::Init::gaussian, lora::Init::kaiming_uniform}) {
    auto linear = std::make_unique<nn::Linear>(in, 60, 1, 1, "linear");
    const LoraLinear layer(std::move(linear), {r, 8, lora::Scaling::alpha_over_r, init, 0}, 1,
                           "layer");
    const double variance =
        static_cast<double>(layer.A.value.m.squaredNorm()) / static_cast<double>(in * r);
    const double largest = static_cast<double>(layer.A.value.m.cwiseAbs().maxCoeff());
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    // 2000 draws: a variance is known to √(2/2000) = 3 % at most, five of which are 16 %.
    if (init == lora::Init::gaussian) {
      CHECK(variance == doctest::Approx(1.0 / in).epsilon(0.16));
      CHECK(largest > 2 * bound);
    } else {
      CHECK(variance == doctest::Approx(1.0 / in / 3).epsilon(0.16));
      CHECK(largest <= bound);
      CHECK(largest > 0.99 * bound);
    }
    CHECK(layer.B.value.m.isZero(0));
  }
}

TEST_CASE("the scale is alpha over r or over its root, and says so") {
  using lora::Scaling;
  CHECK(lora::scale(Scaling::alpha_over_r, 8, 4) == 2);
  CHECK(lora::scale(Scaling::alpha_over_sqrt_r, 8, 4) == 4);
  CHECK(lora::scale(Scaling::alpha_over_r, 1, 3) == 1.0 / 3);
  CHECK(lora::describe_scale(Scaling::alpha_over_r, 8, 4) == "alpha/r = 8/4 = 2");
  CHECK(lora::describe_scale(Scaling::alpha_over_sqrt_r, 8, 4) == "alpha/sqrt(r) = 8/sqrt(4) = 4");
  for (const Scaling s : {Scaling::alpha_over_r, Scaling::alpha_over_sqrt_r})
    CHECK(lora::parse_scaling(to_string(s)) == s);
  CHECK(message_of<std::invalid_argument>([] { lora::parse_scaling("alpha"); }) ==
        "unknown scaling 'alpha'; valid are alpha/r and alpha/sqrt(r)");
  for (const lora::Init i : {lora::Init::gaussian, lora::Init::kaiming_uniform})
    CHECK(lora::parse_init(to_string(i)) == i);
  CHECK(message_of<std::invalid_argument>([] { lora::parse_init("zero"); }) ==
        "unknown initialisation 'zero'; valid are gaussian and kaiming-uniform");
}

}  // namespace inject_test
