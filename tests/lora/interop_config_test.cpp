#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>

#include "lora/interop/attach.h"
#include "lora/interop/pattern.h"
#include "lora/interop/targets.h"
#include "nn/files/file.h"
#include "nn/models/model_folder.h"
#include "tests/nn/temporary_folder.h"

// What an adapter's files may say, and in what line the rest ends.
namespace interop_config_test {

using doctest::Contains;
using lora::ModulePattern;
using lora::PeftConfig;

namespace {

const std::filesystem::path data = std::filesystem::path(LOWRANK_SOURCE_DIR) / "tests" / "data";

// A configuration of LoRA on q_proj with these members beside.
std::string with(const std::string& members) {
  return fmt::format(R"({{"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"]{}{}}})",
                     members.empty() ? "" : ", ", members);
}

void refuse(const std::string& text, const std::string& why) {
  CAPTURE(text);
  CHECK_THROWS_WITH_AS(lora::parse_peft_config(text), Contains(why.c_str()), std::invalid_argument);
}

std::unique_ptr<nn::Pretrained> model(const char* name) {
  return nn::ModelFolder(data / "models" / name).load();
}

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("settings that inform, or are off, go through; others are refused by name") {
  const PeftConfig config = lora::parse_peft_config(
      with(R"("peft_version": "1", "eva_config": null, "use_qalora": false, "qalora_group_size": 16,
           "loftq_config": {}, "trainable_token_indices": [], "bias": "none", "task_type": null)"));
  CHECK(config.spec.rank == 2);
  CHECK(config.spec.alpha == 8);  // PEFT's default
  CHECK(config.type == lora::PeftType::lora);

  refuse(with(R"("use_qalora": true)"), R"("use_qalora" = true is not supported)");
  refuse(with(R"("lora_bias": true)"), R"("lora_bias" = true is not supported)");
  refuse(with(R"("layer_replication": [[0, 2]])"), "layer_replication");
  refuse(with(R"("target_parameters": ["a.b"])"), "target_parameters");
  refuse(with(R"("trainable_token_indices": [1])"), "trainable_token_indices");
  refuse(with(R"("of_the_future": {"x": 1})"), "of_the_future");
  refuse(with(R"("init_lora_weights": "olora")"), "may change the base");
  refuse(with(R"("bias": "some")"), R"(must be "none", "all" or "lora_only", not "some")");
  refuse(with(R"("rank_pattern": {"q_proj": 0})"), "whole number from 1");
  refuse(with(R"("layers_pattern": "layers")"), "without \"layers_to_transform\"");
  refuse(with(R"("use_dora": true, "init_lora_weights": "pissa")"), "use_dora");
  refuse(R"({"peft_type": "LORA"})", "has no \"target_modules\"");
  refuse(R"({"r": 2})", "has no \"peft_type\"");
  refuse(R"({"peft_type": "PREFIX_TUNING"})",
         R"("PREFIX_TUNING" is not supported: keys and values of its own)");
  refuse(R"({"peft_type": "IA3"})", R"("IA3" is not supported: factors of activations)");
  refuse(R"({"peft_type": "BOFT"})", R"("BOFT" is not supported; LORA, ADALORA, VERA)");
  refuse(R"({"peft_type": "PROMPT_TUNING"})", "num_virtual_tokens");
  refuse("[]", "object");
}

TEST_CASE("the configuration that is written is read as it was") {
  PeftConfig config = lora::parse_peft_config(with(
      R"("lora_alpha": 5, "rank_pattern": {"a.*": 3}, "alpha_pattern": {"b": 0.5}, "bias": "all",
      "modules_to_save": ["score"], "layers_to_transform": 1, "layers_pattern": "h",
      "exclude_modules": "x.*", "use_rslora": true, "lora_dropout": 0.25, "task_type": "SEQ_CLS")"));
  const std::string text = lora::to_json(config);
  CHECK(lora::to_json(lora::parse_peft_config(text)) == text);
  for (const char* part :
       {R"("lora_alpha": 5,)", R"("a.*": 3)", R"("b": 0.5)", R"("bias": "all")", R"("score")",
        R"("exclude_modules": "x.*")", R"("use_rslora": true)", R"("task_type": "SEQ_CLS")"})
    CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("an expression matches a whole name, as Python's fullmatch does") {
  const std::string name = "model.layers.1.self_attn.q_proj";
  CHECK(ModulePattern(R"(.*\.layers\.1\.self_attn\.(q|o)_proj)").matches(name));
  CHECK(ModulePattern(R"(model|.*\.(q|v)_proj)").matches(name));
  CHECK(ModulePattern(R"((?P<a>\w+)\.layers\.\d+\..*(?<!k)_proj)").matches(name));
  CHECK_FALSE(ModulePattern(R"(layers\.1\..*)").matches(name));
  CHECK_FALSE(ModulePattern(R"(model\.layers)").matches(name));
  CHECK(ModulePattern("[]q]|.*[^]x]").matches(name));
  for (const char* wrong : {"(", "[", "*a", "(?P<a>x)(?P<a>y)"})
    CHECK_THROWS_AS(ModulePattern{wrong}, std::invalid_argument);
}

TEST_CASE("what Python and PCRE2 read differently is refused") {
  for (const char* other : {R"(\Qa.b\E)", R"(\x41)", R"(\K)", R"(\h)", "(?R)", "(?1)", "(?#c)",
                            "(*ACCEPT)", "[[:alpha:]]", "a{,2}", "\xc3\xa9", "(?C1)"})
    CHECK_THROWS_WITH_AS(ModulePattern{other}, Contains("regular expression"),
                         std::invalid_argument);
}

TEST_CASE("a hostile expression ends in one line, and soon") {
  const auto begin = std::chrono::steady_clock::now();
  const std::string many_a(100, 'a');
  CHECK_THROWS_WITH_AS(ModulePattern("(a+)+[bc]").matches(many_a), Contains("cannot be tried on"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(ModulePattern("(a|aa)+[bc]").matches(many_a), Contains("limit"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(ModulePattern(std::string(5000, 'a')), Contains("1000 are allowed"),
                       std::invalid_argument);
  CHECK_THROWS_AS(ModulePattern(std::string(200, '(') + std::string(200, ')')),
                  std::invalid_argument);
  CHECK_THROWS_AS(ModulePattern("((((a{999}){999}){999}){999})"), std::invalid_argument);
  PeftConfig config = lora::parse_peft_config(with(""));
  for (int i = 0; i < 100; ++i) config.rank_pattern.emplace_back(fmt::format("(x{}|y)", i), 1);
  CHECK_THROWS_WITH_AS(lora::Patterns{config}, Contains("more than 64"), std::invalid_argument);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("a key of a pattern is an expression for the end of a name, behind a dot") {
  const std::string name = "model.layers.1.self_attn.q_proj";
  for (const char* key :
       {"q_proj", "self_attn.q_proj", "self.attn.q.proj", "model.layers.1.self_attn.q_proj",
        R"(.*\.1\..*)", "(q|v)_proj", R"(layers\.\d\.self_attn\.q_proj)"}) {
    CAPTURE(key);
    CHECK(lora::PatternKey(key).matches(name));
  }
  for (const char* key : {"proj", "v_proj", "layers.1", "x.model.layers.1.self_attn.q_proj",
                          "(q|v)", R"(.*\.0\..*)"}) {
    CAPTURE(key);
    CHECK_FALSE(lora::PatternKey(key).matches(name));
  }
  CHECK(lora::PatternKey("a.b").is_plain());
  CHECK_FALSE(lora::PatternKey("a.*").is_plain());
}

TEST_CASE("layers choose among ends of names; a whole name is meant whatever its layer") {
  PeftConfig config = lora::parse_peft_config(
      R"({"peft_type": "LORA", "target_modules": ["model.layers.0.self_attn.q_proj", "v_proj"],
          "layers_to_transform": [1]})");
  const auto llama = model("llama");
  std::vector<lora::Place> places;
  llama->visit_slots("", [&](const std::string& name, auto&) { places.push_back({name, 8, 8}); });
  std::vector<std::string> names;
  for (const lora::ChosenPlace& chosen : lora::choose(config, places))
    names.push_back(chosen.place.name);
  CHECK(names == std::vector<std::string>{"model.layers.0.self_attn.q_proj",
                                          "model.layers.1.self_attn.v_proj"});
  config.layers_pattern.assign(65, "h");
  CHECK_THROWS_WITH_AS(lora::choose(config, places), Contains("more than 64"),
                       std::invalid_argument);
}

TEST_CASE("VeRA has PEFT's defaults and a dropout that is one") {
  const std::string vera = R"({"peft_type": "VERA", "target_modules": ["q_proj"]})";
  CHECK(lora::parse_peft_config(vera).spec.rank == 256);
  CHECK(lora::parse_peft_config(R"({"peft_type": "ADALORA", "target_modules": ["q"]})")
            .orthogonality == 0.5);
  lora::PortableAdapter adapter = lora::read_peft(data / "adapters" / "vera-llama");
  adapter.config.spec.dropout = 2;
  const auto llama = model("llama");
  CHECK_THROWS_WITH_AS(lora::attach(*llama, adapter), Contains("dropout"), std::invalid_argument);
}

TEST_CASE("an adapter that is not of this model ends in one line, with the model unchanged") {
  const auto gpt2 = model("gpt2");
  const std::string before = nn::fingerprint(*gpt2);
  const auto line = [&](const char* folder, auto change) {
    lora::PortableAdapter adapter = lora::read_peft(data / "adapters" / folder);
    change(adapter);
    const std::string text = message_of([&] { lora::attach(*gpt2, adapter); });
    CAPTURE(text);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(nn::fingerprint(*gpt2) == before);
    CHECK(nn::trainable_parameters(*gpt2).size() == nn::parameters(*gpt2).size());
    return text;
  };
  const auto as_it_is = [](lora::PortableAdapter&) {};
  CHECK(line("lora-llama-layers", as_it_is) ==
        "\"down_proj\" matches no module of the model; their names end in c_attn, c_fc, c_proj, "
        "wpe, wte");
  CHECK(line("lora-gpt2", [](auto& a) {
          a.config.targets.names.push_back("q_proj");
        }).starts_with("\"q_proj\" matches no module"));
  CHECK(line("lora-gpt2", [](auto& a) {
          a.config.targets = {{}, "x.*"};
        }).starts_with("\"x.*\" matches no module"));
  CHECK(line("lora-gpt2", [](auto& a) {
          a.config.targets = {{}, "(t+)+x|(.*.*)*!"};
        }).find("cannot be tried on") != std::string::npos);
  CHECK(line("lora-gpt2", [](auto& a) { a.config.layers = {7}; }).find("leave no module") !=
        std::string::npos);
  CHECK(line("lora-gpt2", [](auto& a) { a.config.spec.rank = 3; })
            .find("wrong shape: base_model.model.transformer.h.0.attn.c_attn.lora_A.weight is "
                  "(2,12) and not (3,12)") == 0);
  CHECK(line("lora-gpt2", [](auto& a) {
          a.config.spec.rank = 30;
        }).starts_with("rank 30 for transformer.h.0.attn.c_attn: valid are 1 to 12"));
  CHECK(line("lora-gpt2", [](auto& a) {
          a.config.saved_modules = {"score"};
        }).find("matches no module") != std::string::npos);
  CHECK(line("lora-gpt2", [](auto& a) {
          a.config.saved_modules = {"wte"};
        }).find("to which the head is tied") != std::string::npos);
  CHECK(line("lora-gpt2", [](auto& a) {
          a.config.type = lora::PeftType::vera;
        }).find("save_projection") != std::string::npos);
  const std::string missing = line("lora-gpt2-embedding", [](auto& a) { a.tensors.clear(); });
  CHECK(missing.starts_with(
      "missing: base_model.model.transformer.h.0.mlp.c_fc.lora_A.weight, base_model.model."));
  CHECK(missing.find(" and ") == std::string::npos);  // eight of eight
  CHECK(line("lora-gpt2", [](auto& a) { a.config.biases = lora::Biases::all; }).ends_with(" more"));
  CHECK(line("lora-gpt2", [](auto& a) { a.tensors["other\nname"] = {}; }) ==
        R"(not of this model: other\nname)");

  lora::load_peft(data / "adapters" / "lora-gpt2", *gpt2);
  const lora::PortableAdapter twice = lora::read_peft(data / "adapters" / "lora-gpt2");
  CHECK(message_of([&] {
          lora::attach(*gpt2, twice);
        }).starts_with("the model has an adapter already"));
}

TEST_CASE("an adapter of another width") {
  const auto other = model("gpt2-classifier");  // whose inner layer is 20 wide and not 48
  CHECK_THROWS_WITH_AS(lora::load_peft(data / "adapters" / "lora-gpt2", *other),
                       Contains("mlp.c_proj.lora_A.weight is (2,48) and not (2,20)"),
                       lora::AdapterError);
}

TEST_CASE("PiSSA that cannot begin leaves the model as it was") {
  const auto llama = model("llama");
  const std::string before = nn::fingerprint(*llama);
  lora::PortableAdapter adapter = lora::read_peft(data / "adapters" / "pissa-llama" / "trained");
  adapter.config.spec.alpha = 0;
  CHECK_THROWS_WITH_AS(lora::attach(*llama, adapter), Contains("PiSSA wants an alpha above 0"),
                       std::invalid_argument);
  adapter.config.spec.alpha = 3;
  lora::PortableAdapter start = adapter;
  start.tensors.erase(start.tensors.begin());
  CHECK_THROWS_WITH_AS(lora::attach(*llama, adapter, {&start}),
                       Contains("its start: missing: base_model"), std::invalid_argument);
  CHECK(nn::fingerprint(*llama) == before);
}

TEST_CASE("folders that are no adapter") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(lora::read_peft(folder.path()), Contains("there is no adapter_config.json"),
                       lora::AdapterError);
  nn::write_file_atomically(folder / "adapter_config.json", with(""));
  CHECK_THROWS_WITH_AS(lora::read_peft(folder.path()),
                       Contains("there is no adapter_model.safetensors"), lora::AdapterError);
  nn::write_file_atomically(folder / "adapter_model.bin", "PK");
  CHECK_THROWS_WITH_AS(lora::read_peft(folder.path()), Contains("is a pickle"), lora::AdapterError);
  nn::write_file_atomically(folder / "adapter_config.json", "{");
  CHECK_THROWS_AS(lora::read_peft(folder.path()), lora::AdapterError);
}

}  // namespace interop_config_test
