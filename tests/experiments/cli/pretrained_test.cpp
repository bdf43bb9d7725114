#include "experiments/cli/pretrained.h"

#include <doctest/doctest.h>

#include "experiments/cli/pretrained_source.h"
#include "lora/inject.h"
#include "nn/models/decode.h"
#include "tests/nn/references.h"
#include "tests/nn/temporary_folder.h"

// What the commands write for another library's model, against what other libraries compute.
namespace pretrained_test {

namespace fs = std::filesystem;
namespace cli = experiments::cli;
using nn::Matrix;
using Values = std::map<std::string, Matrix>;

namespace {

const fs::path here = fs::path(LOWRANK_SOURCE_DIR) / "tests" / "data" / "models";

Values values_in(const fs::path& path) {
  Values values;
  const auto file = nn::SafetensorsFile::read(path);
  for (const nn::SafetensorsEntry& entry : file.entries())
    values[entry.name] = file.tensor(entry.name).m;
  return values;
}

Values traced(const fs::path& model, const fs::path& adapter, const fs::path& inputs) {
  const TemporaryFolder out;
  cli::trace_pretrained({model, adapter, inputs, out / "step.safetensors"});
  return values_in(out / "step.safetensors");
}

// An adapter on c_attn whose A and B are both of some size.
void write_adapter(const fs::path& folder, const fs::path& of_model) {
  const auto model = nn::ModelFolder(of_model).load();
  lora::LoraConfig config;
  config.targets = {"c_attn"};
  config.spec.rank = 3;
  lora::inject(*model, config, /*seed=*/1);
  nn::Random random(1, "pretrained_test");
  for (const auto& [name, layer] : lora::lora_layers(*model))
    layer->B.set(random.normal(layer->B.value.shape, 0.1));
  lora::save_adapter(folder, *model);
}

}  // namespace

TEST_CASE("a traced step is that of transformers, under its names and shapes") {
  for (const char* name : {"gpt2", "llama", "bert", "deberta-v3"}) {
    const auto reference = references::read(here / name);
    const auto all =
        references::compare(reference, traced(here / name, {}, here / name / "inputs.json"));
    MESSAGE(references::line(name, all));
    CHECK(all.front().part <= 1);
    const TemporaryFolder out;
    cli::trace_pretrained({here / name, {}, here / name / "inputs.json", out / "s"});
    const auto file = nn::SafetensorsFile::read(out / "s");
    CHECK(file.entries().size() == reference.tensors.size());
    for (const auto& [tensor, value] : reference.tensors)
      CHECK(file.tensor(tensor).shape == value.shape);
  }
}

TEST_CASE("merged, a model says what it said under the adapter") {
  const TemporaryFolder folder;
  const fs::path model = here / "gpt2", inputs = model / "inputs.json";
  write_adapter(folder / "adapter", model);
  fs::copy(model, folder / "model");
  nn::write_file_atomically(folder / "model" / "vocab.json", "{}");
  nn::write_file_atomically(folder / "model" / "notes.txt", "mine");
  cli::merge_pretrained({folder / "model", folder / "adapter", folder / "merged"});

  const Values plain = traced(model, {}, inputs),
               adapted = traced(model, folder / "adapter", inputs);
  const Values merged = traced(folder / "merged", {}, inputs);
  const auto distance = [&](const Values& a, const Values& b) {
    return (a.at("logits") - b.at("logits")).cwiseAbs().maxCoeff();
  };
  CHECK(distance(merged, adapted) < 1e-5);
  CHECK(distance(merged, plain) > 1e-2);  // the control: the adapter does something
  CHECK(adapted.contains("grad.base_model.model.transformer.h.0.attn.c_attn.lora_A.weight"));
  CHECK_FALSE(adapted.contains("grad.transformer.wte.weight"));
  CHECK(fs::exists(folder / "merged" / "vocab.json"));
  CHECK_FALSE(fs::exists(folder / "merged" / "notes.txt"));
  CHECK(nn::read_file(folder / "merged" / "config.json") == nn::read_file(model / "config.json"));
}

TEST_CASE("what an adapter shows is read at the matrices that it changes") {
  const TemporaryFolder folder;
  write_adapter(folder / "adapter", here / "gpt2");
  const auto analysis = cli::analyse_pretrained(
      {here / "gpt2", folder / "adapter", here / "gpt2" / "inputs.json", folder / "adapter", {}});
  REQUIRE(analysis.adapter.matrices.size() == 2);
  for (const auto& matrix : analysis.adapter.matrices) {
    CHECK(matrix.change.sigma.size() == 3);
    CHECK(matrix.seen.in_delta <= matrix.seen.in_w * (1 + 1e-9));
    CHECK(matrix.noise.in_delta > 0);
  }
  // With itself an adapter shares all.
  for (const auto& shared : analysis.shared) CHECK(shared.largest_cosine > 0.999);
}

namespace {

// A step under the adapter, and the weights merged with it, against PEFT's.
void compare_with_peft(const fs::path& model, const fs::path& adapter) {
  const references::Reference reference = references::read(adapter);
  const TemporaryFolder out;
  Values ours = traced(model, adapter, references::inputs_of(adapter));
  cli::merge_pretrained({model, adapter, out / "merged"});
  for (auto& [tensor, value] : values_in(out / "merged" / "model.safetensors"))
    ours["merged." + tensor] = value;
  const auto all = references::compare(reference, ours);
  MESSAGE(references::line(adapter.filename().string(), all));
  CHECK(all.front().part <= 1);
}

}  // namespace

TEST_CASE("steps under adapters, and merged weights, are those of PEFT") {
  for (const auto& [model, name] :
       {std::pair{"bert", "lora-bert-modules"}, std::pair{"roberta", "lora-roberta"},
        std::pair{"llama", "dora-llama"}, std::pair{"llama", "vera-llama"},
        std::pair{"bert", "adalora-bert"}})
    compare_with_peft(here / model, here.parent_path() / "adapters" / name);
  if (const auto root = references::elsewhere())
    compare_with_peft(*root / "llama", *root / "adapters" / "lora-llama-qv");
}

TEST_CASE("under a trained prompt a model continues a text, with the same bits from the cache") {
  const fs::path model = here / "gpt2", adapter = here.parent_path() / "adapters" / "prompt-gpt2";
  const auto prompted = cli::load_pretrained(nn::ModelFolder(model), adapter).model;
  const auto plain = nn::ModelFolder(model).load();
  const std::vector<int> prompt{5, 9};
  nn::Random random(1, "pretrained_test");
  nn::DecodeOptions options;
  options.max_tokens = 3;
  const auto cached = nn::decode(*prompted, prompt, options, random);
  options.reuse = false;
  const auto again = nn::decode(*prompted, prompt, options, random);
  CHECK(cached.ids.size() == 3);
  CHECK(cached.ids == again.ids);
  CHECK(cached.products < again.products);
  options.beams = 2;  // whose score says that the prompt does something
  const double with = nn::decode(*prompted, prompt, options, random).score;
  CHECK(std::abs(with - nn::decode(*plain, prompt, options, random).score) > 1e-3);
  // The rows of the prompt are no words.
  const std::vector<int> row_of_prompt{static_cast<int>(prompted->vocabulary())};
  CHECK_THROWS_WITH_AS(nn::decode(*prompted, row_of_prompt, options, random),
                       doctest::Contains("is not in 0.."), std::invalid_argument);
}

TEST_CASE("an adapter that has no ΔW is not analysed, and one of another model is refused") {
  const fs::path adapters = here.parent_path() / "adapters";
  const fs::path inputs = here / "llama" / "inputs.json";
  CHECK_THROWS_WITH_AS(
      cli::analyse_pretrained({here / "llama", adapters / "dora-llama", inputs, {}, {}}),
      doctest::Contains("is an adapter of DoRA"), std::invalid_argument);
  CHECK_THROWS_AS(cli::load_pretrained(nn::ModelFolder(here / "llama"), adapters / "lora-gpt2"),
                  lora::AdapterError);
  // One of ours, on a base that is another than its own.
  const TemporaryFolder folder;
  write_adapter(folder / "adapter", here / "gpt2");
  fs::copy(here / "gpt2", folder / "model");
  const auto model = nn::ModelFolder(folder / "model").load();
  nn::parameters(*model).front()->value.m(0, 0) += 1;
  nn::ModelFolder(folder / "model").save(folder / "other", *model);
  CHECK_NOTHROW(cli::load_pretrained(nn::ModelFolder(folder / "model"), folder / "adapter"));
  CHECK_THROWS_WITH_AS(cli::load_pretrained(nn::ModelFolder(folder / "other"), folder / "adapter"),
                       doctest::Contains("another base"), lora::AdapterError);
}

}  // namespace pretrained_test
