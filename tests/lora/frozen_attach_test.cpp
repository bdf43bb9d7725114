#include <doctest/doctest.h>

#include "lora/files/adapter.h"
#include "lora/inject.h"
#include "lora/interop/attach.h"
#include "lora/merge.h"
#include "nn/files/checkpoint.h"
#include "nn/files/json.h"
#include "tests/lora/adapter_collections.h"
#include "tests/nn/frozen_models.h"
#include "tests/nn/temporary_folder.h"

// Adapters on models whose matrices are kept in 16 bits.
namespace frozen_attach_test {

namespace fs = std::filesystem;
using adapter_collections::ours;
using nn::Frozen;

namespace {

using Values = std::map<std::string, nn::Matrix>;

Values step_under(nn::Pretrained& model, const references::Reference& reference,
                  const lora::PeftConfig& config) {
  Values values;
  for (auto& [name, tensor] : lora::adapted_step(model, reference.given, config))
    values[name] = std::move(tensor.m);
  return values;
}

// Where the adapter of a reference is; PiSSA's, as it was trained, is in a folder of its own.
fs::path adapter_in(const fs::path& folder) {
  return fs::exists(folder / "trained") ? folder / "trained" : folder;
}

// The folder of an adapter's base; nothing where the folder is no adapter of PEFT.
fs::path base_of(const fs::path& adapter) {
  const fs::path config = adapter / "adapter_config.json";
  if (!fs::exists(config)) return {};
  const nn::Json json = nn::parse_json_object(nn::read_file(config));
  if (!json.contains("peft_type")) return {};
  return ours.models / json["base_model_name_or_path"].get<std::string>();
}

lora::LoraConfig everywhere() {
  lora::LoraConfig config;
  config.targets_regex = ".*";
  config.spec.rank = 1;
  return config;
}

}  // namespace

TEST_CASE("every kind of adapter on a model in 16 bits computes as on its rounded weights") {
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(ours.adapters)) {
    const fs::path adapter = adapter_in(entry.path()), base = base_of(adapter);
    if (base.empty()) continue;
    CAPTURE(entry.path().string());
    const auto reference = references::read(entry.path());
    const auto [halves, rounded, matrices] = frozen_models::load(base, {.frozen = Frozen::f16});
    const auto file = nn::ModelFolder(base).load();
    const lora::PeftConfig config = lora::load_peft(adapter, *halves);
    lora::load_peft(adapter, *rounded), lora::load_peft(adapter, *file);
    const Values values = step_under(*halves, reference, config);
    CHECK(values == step_under(*rounded, reference, config));
    CHECK(values.at("logits") != step_under(*file, reference, config).at("logits"));  // control
    CHECK(nn::count(nn::parameters(*halves)) == nn::count(nn::parameters(*file)));
    CHECK(nn::count(nn::trainable_parameters(*halves)) ==
          nn::count(nn::trainable_parameters(*file)));
    // What trains is what PEFT is given, whatever the base is kept as.
    const auto sent = lora::collect(*halves), expected = lora::collect(*rounded);
    CHECK(sent.tensors.size() == expected.tensors.size());
    for (const auto& [key, tensor] : expected.tensors)
      CHECK(sent.tensors.at(key).value.m == tensor.value.m);

    // Nothing is merged into 16 bits, and the refusal changes nothing.
    if (halves->sizes.prompt == 0) {
      CHECK_THROWS_WITH_AS(lora::fold(*halves), doctest::Contains("is kept as F16"),
                           std::logic_error);
      CHECK_THROWS_AS(lora::merged_checkpoint(*halves), std::logic_error);
      CHECK(values == step_under(*halves, reference, config));
    }
    ++compared;
  }
  CHECK(compared > 15);
}

TEST_CASE("LoRA wraps what is in 16 bits, trains, and refuses to be merged") {
  const auto [halves, rounded, matrices] =
      frozen_models::load(ours.models / "gpt2", {.frozen = Frozen::bf16});
  const auto reference = references::read(ours.models / "gpt2");
  for (nn::Pretrained* model : {halves.get(), rounded.get()}) {
    lora::inject(*model, everywhere(), /*seed=*/1);
    for (nn::Parameter* p : nn::trainable_parameters(*model)) {
      nn::Tensor moved = p->value;
      moved.m.array() += 0.1f;
      p->set(std::move(moved));
    }
  }
  const Values values = step_under(*halves, reference, {});
  CHECK(values == step_under(*rounded, reference, {}));
  CHECK_THROWS_WITH_AS(lora::merge(*halves), doctest::Contains("is kept as BF16"),
                       std::logic_error);
  CHECK(values == step_under(*halves, reference, {}));
  CHECK_NOTHROW(lora::merge(*rounded));
}

TEST_CASE("an adapter is for the numbers of its base, however those are kept") {
  const TemporaryFolder folder;
  const nn::ModelFolder gpt2(ours.models / "gpt2");
  const auto [halves, rounded, matrices] =
      frozen_models::load(ours.models / "gpt2", {.frozen = Frozen::f16});
  lora::inject(*halves, everywhere(), /*seed=*/1);
  lora::save_adapter(folder / "adapter", *halves);
  CHECK_NOTHROW(lora::load_adapter(folder / "adapter", *rounded));
  CHECK_NOTHROW(lora::load_adapter(folder / "adapter", *gpt2.load({.frozen = Frozen::f16})));
  for (const Frozen other : {Frozen::f32, Frozen::bf16})
    CHECK_THROWS_WITH_AS(lora::load_adapter(folder / "adapter", *gpt2.load({.frozen = other})),
                         doctest::Contains("it was made for another base"), lora::AdapterError);
}

}  // namespace frozen_attach_test
