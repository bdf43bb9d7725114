#include "lora/files/adapter.h"
#include "lora/merge.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "nn/files/file.h"
#include "tests/lora/small_model.h"
#include "tests/nn/temporary_folder.h"

namespace adapter_test {

using lora::AdapterError;
using nlohmann::json;
using nn::SafetensorsFile;
using nn::SafetensorsWriter;

namespace fs = std::filesystem;

namespace {

/// A decoder with LoRA on q and up, as if it had been trained, saved in a folder.
struct Saved {
  Saved() : model(small_config(), 1) {
    lora::LoraConfig config = everywhere();
    config.targets = {"q", "up"};
    config.alpha_pattern = {{"up", 0.5}};
    lora::inject(model, config, 5);
    perturb_b(model);
    lora::save_adapter(path(), model, {"toy-base", {{"task", "nli"}}});
  }

  fs::path path() const { return folder / "adapter"; }
  fs::path config_path() const { return path() / "adapter_config.json"; }
  fs::path weights_path() const { return path() / "adapter_model.safetensors"; }

  json config() const { return json::parse(nn::read_file(config_path())); }
  void write(const json& config) const { nn::write_file_atomically(config_path(), config.dump(2)); }

  /// Writes the weights again without some tensors and with what `change` does.
  void rewrite(const std::function<void(SafetensorsWriter&)>& change,
               const std::vector<std::string>& without = {}) const {
    const SafetensorsFile file = SafetensorsFile::read(weights_path());
    SafetensorsWriter writer;
    writer.metadata = file.metadata();
    for (const nn::SafetensorsEntry& entry : file.entries())
      if (std::find(without.begin(), without.end(), entry.name) == without.end())
        writer.add(entry.name, file.tensor(entry.name));
    change(writer);
    writer.write(weights_path());
  }

  TemporaryFolder folder;
  nn::Decoder model;
};

/// The message of loading the adapter into a fresh base, which must then be as it was; the path is
/// taken off. "" if it loads.
std::string refusal(const Saved& saved, const lora::AdapterOptions& options = {}) {
  nn::Decoder base(small_config(), 1);
  const Snapshot before(base);
  const std::string message =
      message_of<AdapterError>([&] { lora::load_adapter(saved.path(), base, options); });
  if (message.empty()) return "";
  CHECK(before == Snapshot(base));
  CHECK(message.starts_with(saved.path().string()));
  return message.substr(message.find(": ") + 2);
}

/// The message after one member of the configuration was set to a value.
std::string refusal_of(const std::string& member, const json& value) {
  Saved saved;
  json config = saved.config();
  config[member] = value;
  saved.write(config);
  return refusal(saved);
}

}  // namespace

TEST_CASE("an adapter brings the logits back bit for bit") {
  Saved saved;
  nn::Decoder loaded(small_config(), 1);
  const nn::Matrix base = logits_of_batch(loaded, small_batch());
  const lora::AdapterInfo info = lora::load_adapter(saved.path(), loaded);

  CHECK(same_bits(logits_of_batch(loaded, small_batch()),
                  logits_of_batch(saved.model, small_batch())));
  CHECK_FALSE(same_bits(logits_of_batch(loaded, small_batch()), base));
  CHECK(Snapshot(loaded) == Snapshot(saved.model));
  CHECK(info.base_model == "toy-base");
  CHECK(info.metadata == nn::Metadata{{"task", "nli"}});
  CHECK(info.parameters == 2 * (2 * (4 + 4) + 2 * (4 + 7)));
  CHECK(info.base_fingerprint == lora::base_fingerprint(loaded));
  CHECK(lora::describe_adapter(saved.path()).parameters == info.parameters);
}

TEST_CASE("the files are PEFT's") {
  Saved saved;
  CHECK(nn::read_file(saved.config_path()) == R"({
  "alpha_pattern": {
    "blocks.0.mlp.up": 0.5,
    "blocks.1.mlp.up": 0.5
  },
  "base_model_name_or_path": "toy-base",
  "bias": "none",
  "fan_in_fan_out": false,
  "inference_mode": true,
  "init_lora_weights": "gaussian",
  "lora_alpha": 3,
  "lora_dropout": 0.0,
  "peft_type": "LORA",
  "r": 2,
  "rank_pattern": {},
  "target_modules": [
    "q",
    "up"
  ],
  "task_type": null,
  "use_rslora": false
}
)");
  const SafetensorsFile file = SafetensorsFile::read(saved.weights_path());
  std::vector<std::string> names;
  for (const nn::SafetensorsEntry& entry : file.entries()) {
    names.push_back(entry.name);
    CHECK(entry.dtype == nn::Dtype::F32);
  }
  const std::string prefix = "base_model.model.blocks.";
  CHECK(names == std::vector<std::string>{
                     prefix + "0.attn.q.lora_A.weight", prefix + "0.attn.q.lora_B.weight",
                     prefix + "0.mlp.up.lora_A.weight", prefix + "0.mlp.up.lora_B.weight",
                     prefix + "1.attn.q.lora_A.weight", prefix + "1.attn.q.lora_B.weight",
                     prefix + "1.mlp.up.lora_A.weight", prefix + "1.mlp.up.lora_B.weight"});
  using Sizes = std::vector<std::uint64_t>;
  CHECK(file.entry(names[2]).shape == Sizes{2, 4});
  CHECK(file.entry(names[3]).shape == Sizes{7, 2});
  nn::Decoder base(small_config(), 1);
  CHECK(file.metadata() == nn::Metadata{{"format", "pt"},
                                        {"lowrank.alpha", "3"},
                                        {"lowrank.alpha.blocks.0.mlp.up", "0.5"},
                                        {"lowrank.alpha.blocks.1.mlp.up", "0.5"},
                                        {"lowrank.base_fingerprint", nn::fingerprint(base)},
                                        {"lowrank.format", "1"},
                                        {"lowrank.r", "2"},
                                        {"lowrank.scaling", "alpha/r"},
                                        {"task", "nli"}});
}

TEST_CASE("targets, ranks, alphas, scaling, dropout and initialisation come back") {
  const TemporaryFolder folder;
  nn::Decoder model(small_config(), 1), loaded(small_config(), 1);
  lora::LoraConfig config;
  config.targets_regex = R"(blocks\.0\.attn\.[qk]|blocks\.1\.mlp\.down)";
  config.spec = {3, 1.0 / 3, lora::Scaling::alpha_over_sqrt_r, lora::Init::kaiming_uniform, 0.1};
  config.rank_pattern = {{"down", 4}};
  lora::inject(model, config, 5);
  lora::save_adapter(folder / "a", model);
  const lora::AdapterInfo info = lora::load_adapter(folder / "a", loaded);

  CHECK(info.config.targets ==
        std::vector<std::string>{"blocks.0.attn.k", "blocks.0.attn.q", "blocks.1.mlp.down"});
  CHECK(info.metadata.empty());
  const auto before = lora::lora_layers(model), after = lora::lora_layers(loaded);
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const lora::LoraSpec &a = before[i].second->spec, &b = after[i].second->spec;
    CHECK(before[i].first == after[i].first);
    CHECK(a.rank == b.rank);
    CHECK(a.alpha == b.alpha);
    CHECK(a.scaling == b.scaling);
    CHECK(a.init == b.init);
    CHECK(a.dropout == b.dropout);
  }
}

TEST_CASE("a merged model saves the adapter that an unmerged one does") {
  Saved saved;
  const std::string before = nn::read_file(saved.weights_path());
  lora::merge(saved.model);
  lora::save_adapter(saved.path(), saved.model, {"toy-base", {{"task", "nli"}}});
  CHECK(nn::read_file(saved.weights_path()) == before);
}

TEST_CASE("the fingerprint is the base's, wrapped, merged or not, and no other's") {
  nn::Decoder model(small_config(), 1), other(small_config(), 2);
  const std::string print = nn::fingerprint(model);
  CHECK(lora::base_fingerprint(model) == print);
  lora::inject(model, everywhere(), 5);
  perturb_b(model);
  CHECK(nn::fingerprint(model) != print);
  CHECK(lora::base_fingerprint(model) == print);
  lora::merge(model);
  CHECK(lora::base_fingerprint(model) == print);
  lora::unwrap(model);
  CHECK(lora::base_fingerprint(model) != print);  // now it is another base
  CHECK(lora::base_fingerprint(other) != print);
}

TEST_CASE("tensors and bases that differ are refused together") {
  Saved saved;
  CHECK(refusal(saved) == "");
  const std::string block = "base_model.model.blocks.0.";
  saved.rewrite(
      [&](SafetensorsWriter& w) {
        w.add(block + "attn.q.lora_B.weight", nn::Tensor({2, 4}));
        w.add(block + "mlp.up.lora_B.weight", nn::Tensor({7, 2}), nn::Dtype::F64);
        w.add(block + "attn.v.lora_A.weight", nn::Tensor({2, 4}));
        w.metadata["lowrank.base_fingerprint"] = "of\nanother";
      },
      {block + "attn.q.lora_A.weight", block + "attn.q.lora_B.weight",
       block + "mlp.up.lora_B.weight"});
  nn::Decoder base(small_config(), 1);
  CHECK(refusal(saved) ==
        fmt::format(
            "missing: {0}attn.q.lora_A.weight; not wanted: \"{0}attn.v.lora_A.weight\"; wrong "
            "shape: {0}attn.q.lora_B.weight is (2,4) and not (4,2); wrong dtype: "
            "{0}mlp.up.lora_B.weight is F64 and not F32 or F16 or BF16; it was made for another "
            "base: fingerprint "
            "\"of\\nanother\", not \"{1}\"",
            block, nn::fingerprint(base)));
}

TEST_CASE("an adapter for other weights of the same shapes is refused, whatever the options") {
  Saved saved;
  nn::Decoder other(small_config(), 2);
  for (const bool strict : {true, false})
    CHECK_THROWS_AS(lora::load_adapter(saved.path(), other, {.require_fingerprint = strict}),
                    AdapterError);
}

TEST_CASE("an adapter made elsewhere loads only when that is asked for") {
  Saved saved;
  saved.rewrite([](SafetensorsWriter& w) { w.metadata = {{"format", "pt"}}; });
  // As PEFT 0.18 writes it.
  saved.write(json::parse(R"({
    "alora_invocation_tokens": null, "alpha_pattern": {"mlp.up": 0.5}, "arrow_config": null,
    "auto_mapping": {"base_model_class": "Decoder", "parent_library": "toy"},
    "base_model_name_or_path": null, "bias": "none", "corda_config": null,
    "ensure_weight_tying": false, "eva_config": null, "exclude_modules": null,
    "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true,
    "layer_replication": null, "layers_pattern": null, "layers_to_transform": null,
    "loftq_config": {}, "lora_alpha": 3, "lora_bias": false, "lora_dropout": 0.0,
    "megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null,
    "peft_type": "LORA", "peft_version": "0.18.0", "qalora_group_size": 16, "r": 2,
    "rank_pattern": {}, "revision": null, "target_modules": ["q", "up"],
    "target_parameters": null, "task_type": null, "trainable_token_indices": null,
    "use_dora": false, "use_qalora": false, "use_rslora": false})"));
  CHECK(refusal(saved).find("has no fingerprint of the base") != std::string::npos);

  nn::Decoder base(small_config(), 1);
  const lora::AdapterInfo info =
      lora::load_adapter(saved.path(), base, {.require_fingerprint = false});
  CHECK(info.base_fingerprint.empty());
  CHECK(
      same_bits(logits_of_batch(base, small_batch()), logits_of_batch(saved.model, small_batch())));
}

TEST_CASE("an adapter in F16 or BF16 becomes the floats that it holds") {
  Saved saved;
  const SafetensorsFile file = SafetensorsFile::read(saved.weights_path());
  for (const auto& [dtype, cut] : {std::pair{nn::Dtype::BF16, 16}, {nn::Dtype::F16, 13}}) {
    CAPTURE(nn::to_string(dtype));
    // Values that the narrower type holds: those of floats without their last bits.
    SafetensorsWriter narrow, wide;
    narrow.metadata = wide.metadata = file.metadata();
    for (const nn::SafetensorsEntry& entry : file.entries()) {
      nn::Tensor values = file.tensor(entry.name);
      std::string bytes;
      for (nn::Scalar& x : values.m.reshaped<Eigen::RowMajor>()) {
        const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(x)) >> cut << cut;
        x = std::bit_cast<float>(bits);
        const std::uint16_t half =
            dtype == nn::Dtype::BF16
                ? static_cast<std::uint16_t>(bits >> 16)
                : Eigen::half_impl::float_to_half_rtne(std::bit_cast<float>(bits)).x;
        bytes += static_cast<char>(half & 0xff);
        bytes += static_cast<char>(half >> 8);
      }
      narrow.add(entry.name, dtype, entry.shape, bytes);
      wide.add(entry.name, values);
    }
    nn::Decoder from_narrow(small_config(), 1), from_wide(small_config(), 1);
    narrow.write(saved.weights_path());
    lora::load_adapter(saved.path(), from_narrow);
    wide.write(saved.weights_path());
    lora::load_adapter(saved.path(), from_wide);
    CHECK(Snapshot(from_narrow) == Snapshot(from_wide));
    CHECK_FALSE(Snapshot(from_narrow) == Snapshot(saved.model));  // the control: bits were cut
  }
}

TEST_CASE("alpha 0 switches an adapter off, and a negative one subtracts it") {
  Saved saved;
  const auto logits_with = [&](double factor) {
    json config = saved.config();
    saved.rewrite([&](SafetensorsWriter& w) {
      for (auto& [key, value] : w.metadata)
        if (key.starts_with("lowrank.alpha")) value = fmt::format("{}", factor * std::stod(value));
    });
    config["lora_alpha"] = factor * config["lora_alpha"].get<double>();
    for (auto& alpha : config["alpha_pattern"]) alpha = factor * alpha.get<double>();
    saved.write(config);
    nn::Decoder model(small_config(), 1);
    lora::load_adapter(saved.path(), model);
    return logits_of_batch(model, small_batch());
  };
  nn::Decoder base(small_config(), 1);
  const nn::Matrix plain = logits_of_batch(base, small_batch());
  const nn::Matrix added = logits_of_batch(saved.model, small_batch());
  const nn::Matrix subtracted = logits_with(-1);
  CHECK((added - plain).norm() > 0);
  CHECK((subtracted - plain).norm() > 0);
  CHECK_FALSE(same_bits(subtracted, added));
  CHECK(same_bits(logits_with(-1), added));  // subtracted twice
  CHECK((logits_with(0) - plain).cwiseAbs().maxCoeff() == doctest::Approx(0));
}

TEST_CASE("files of a newer format are refused, and those without a number are of the first") {
  Saved saved;
  saved.rewrite([](SafetensorsWriter& w) { w.metadata["lowrank.format"] = "2"; });
  CHECK(message_of<AdapterError>([&] { lora::describe_adapter(saved.path()); }) ==
        saved.weights_path().string() + ": its format is \"2\", and this program reads 1");
  saved.rewrite([](SafetensorsWriter& w) { w.metadata.erase("lowrank.format"); });
  CHECK(refusal(saved) == "");
}

TEST_CASE("settings that cannot be followed are refused by name") {
  CHECK(refusal_of("use_dora", true) == "\"use_dora\" = true is not supported");
  CHECK(refusal_of("fan_in_fan_out", true) == "\"fan_in_fan_out\" = true is not supported");
  CHECK(refusal_of("modules_to_save", {"head"}) ==
        "\"modules_to_save\" = [\"head\"] is not supported");
  CHECK(refusal_of("a\nnew one", 1) == "\"a\\nnew one\" = 1 is not supported");
  CHECK(refusal_of("bias", "all") == "\"bias\" must be \"none\", not \"all\"");
  CHECK(refusal_of("peft_type", "IA3") == "\"peft_type\" must be \"LORA\", not \"IA3\"");
  CHECK(refusal_of("init_lora_weights", "pissa") ==
        "\"init_lora_weights\" must be true, false or \"gaussian\", not \"pissa\"");
  CHECK(refusal_of("r", 2.5) == "\"r\" must be a positive whole number, not 2.5");
  CHECK(refusal_of("r", "2") == "\"r\" must be a positive whole number, not \"2\"");
  CHECK(refusal_of("r", -1) == "\"r\" must be a positive whole number, not -1");
  CHECK(refusal_of("lora_alpha", json()) == "\"lora_alpha\" must be a number, not null");
  CHECK(refusal_of("use_rslora", "yes") == "\"use_rslora\" must be true or false, not \"yes\"");
  CHECK(refusal_of("rank_pattern", {1}) == "\"rank_pattern\" must be an object, not [1]");
  CHECK(refusal_of("target_modules", json::array()) ==
        "\"target_modules\" must be a list of names, not []");
  CHECK(refusal_of("target_modules", "((((.*)*)*)*)*x") ==
        "\"target_modules\" must be a list of names, not \"((((.*)*)*)*)*x\"");
  CHECK(refusal_of("target_modules", {"q", "a\nb"}) ==
        "\"target_modules\" must be the name of a module, or what a name ends with, not \"a\\nb\"");
  CHECK(refusal_of("an_unknown_switch", false) == "");
  CHECK(refusal_of("task_type", "SEQ_CLS") == "");
}

TEST_CASE("targets and ranks that do not fit the model are refused") {
  CHECK(refusal_of("target_modules", {"q", "query"}).starts_with("'query' matches no projection"));
  CHECK(refusal_of("target_modules", {"q", "up", "down"})
            .starts_with("missing: base_model.model.blocks.0.mlp.down.lora_A.weight, "));
  CHECK(refusal_of("target_modules", {"q"}).starts_with("'blocks.0.mlp.up' matches no"));

  Saved saved;
  json config = saved.config();
  config["r"] = 9'000'000'000'000'000'000;  // nothing of that size may be allocated
  saved.write(config);
  saved.rewrite([](SafetensorsWriter& w) { w.metadata["lowrank.r"] = "9000000000000000000"; });
  CHECK(
      refusal(saved).starts_with("rank 9000000000000000000 for blocks.0.attn.q: valid are 1 to 4"));
}

TEST_CASE("weights and configuration of two adapters are not taken for one") {
  const std::string two =
      "adapter_config.json and adapter_model.safetensors are not of one adapter: rank, alpha or "
      "scaling differ";
  CHECK(refusal_of("lora_alpha", 4) == two);
  CHECK(refusal_of("use_rslora", true) == two);
  CHECK(refusal_of("r", 3) == two);
  CHECK(refusal_of("alpha_pattern", {{"blocks.0.mlp.up", 0.5}}) == two);
  CHECK(refusal_of("alpha_pattern", json::object()) == two);
}

TEST_CASE("a folder that was not written to its end is refused") {
  Saved without_config, without_weights, nothing;
  const auto missing = [](const std::string& name) {
    return fmt::format("there is no {}: not an adapter, or not written to its end", name);
  };
  fs::remove(without_config.config_path());
  CHECK(refusal(without_config) == missing("adapter_config.json"));
  fs::remove(without_weights.weights_path());
  CHECK(refusal(without_weights) == missing("adapter_model.safetensors"));
  fs::remove_all(nothing.path());
  CHECK(refusal(nothing) == missing("adapter_config.json"));
}

TEST_CASE("truncated files are refused and leave the model as it was") {
  Saved saved;
  const std::string config = nn::read_file(saved.config_path());
  for (std::size_t length = 0; length + 2 < config.size(); length += 7) {
    nn::write_file_atomically(saved.config_path(), std::string_view(config).substr(0, length));
    CHECK(refusal(saved) == "is not JSON");
  }
  nn::write_file_atomically(saved.config_path(), config);
  const std::string weights = nn::read_file(saved.weights_path());
  nn::Decoder base(small_config(), 1);
  const Snapshot before(base);
  for (std::size_t length = 0; length < weights.size(); length += 97) {
    nn::write_file_atomically(saved.weights_path(), std::string_view(weights).substr(0, length));
    CHECK_THROWS_AS(lora::load_adapter(saved.path(), base), nn::SafetensorsError);
  }
  CHECK(before == Snapshot(base));
}

TEST_CASE("a configuration of mere brackets does not exhaust the stack") {
  Saved saved;
  nn::write_file_atomically(saved.config_path(), fmt::format("{{\"r\":{:[>1000000}", ""));
  CHECK(refusal(saved) == "is nested deeper than 8 levels");
}

TEST_CASE("a model that has LoRA layers takes no second adapter") {
  Saved saved;
  nn::Decoder model(small_config(), 1);
  lora::LoraConfig config = everywhere();
  config.targets = {"v"};
  lora::inject(model, config, 1);
  const Snapshot before(model);
  CHECK(message_of<AdapterError>([&] { lora::load_adapter(saved.path(), model); }) ==
        saved.path().string() + ": the model has LoRA layers already");
  CHECK(before == Snapshot(model));
}

TEST_CASE("what cannot be an adapter is not written") {
  const TemporaryFolder folder;
  nn::Decoder model(small_config(), 1);
  CHECK(message_of<AdapterError>([&] { lora::save_adapter(folder / "a", model); }) ==
        "the model has no LoRA layers to save");
  lora::inject(model, everywhere(), 1);
  for (const char* key : {"format", "lowrank.r"})
    CHECK(message_of<AdapterError>([&] {
            lora::save_adapter(folder / "a", model, {"", {{key, ""}}});
          }) == fmt::format("the metadata key \"{}\" is taken", key));
  CHECK_THROWS_AS(lora::save_adapter(folder / "a", model, {"", {{"task", "\xff"}}}),
                  nn::SafetensorsError);
  lora::lora_layers(model).back().second->spec.dropout = 0.5;
  CHECK(message_of<AdapterError>([&] {
          lora::save_adapter(folder / "a", model);
        }).starts_with("blocks.0.attn.q and blocks.1.mlp.down differ in scaling"));
  CHECK(folder.names().empty());
}

TEST_CASE("a folder that cannot be written keeps its adapter") {
  Saved saved;
  nn::write_file_atomically(saved.folder / "file", "");
  CHECK_THROWS_AS(lora::save_adapter(saved.folder / "file", saved.model), nn::FileError);
  CHECK(nn::read_file(saved.folder / "file").empty());
}

}  // namespace adapter_test
