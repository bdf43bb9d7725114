#include <doctest/doctest.h>

#include "lora/interop/attach.h"
#include "lora/interop/loralib.h"
#include "lora/interop/mlx.h"
#include "nn/files/json.h"
#include "tests/lora/adapter_collections.h"
#include "tests/nn/temporary_folder.h"

// The forms of loralib and MLX: what they compute, and there and back.
namespace interop_forms_test {

namespace fs = std::filesystem;
using adapter_collections::Collection;
using adapter_collections::collections;
using adapter_collections::data;
using doctest::Contains;
using nn::Matrix;
using nn::Pretrained;
using references::Difference;

namespace {

// The only safetensors file of a folder.
fs::path weights_of(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().find("lora.safetensors") != std::string::npos)
      return entry.path();
  return folder / "none";
}

// "out.3" of the layer c_attn of block 3, where the reference counts them.
std::string layer_name(const std::string& of_reference) {
  const bool is_number = of_reference.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? fmt::format("transformer.h.{}.attn.c_attn", of_reference) : of_reference;
}

// The outputs of layers on x, and how they change W, against a reference's.
std::vector<Difference> layer_differences(Pretrained& model, Pretrained& base,
                                          const fs::path& folder) {
  references::Reference reference;
  reference.tensors = references::tensors_of(folder);
  const nn::Tensor x = reference.tensors.extract("x").mapped();
  std::map<std::string, Matrix> ours;
  const auto merged = lora::merged_checkpoint(model), before = lora::merged_checkpoint(base);
  for (const auto& [name, tensor] : reference.tensors) {
    const std::string layer = layer_name(name.substr(name.find('.') + 1));
    if (name.starts_with("out."))
      model.visit_slots("", [&](const std::string& slot_name, auto& slot) {
        if (slot_name != layer) return;
        nn::Tape tape(autograd::TapeMode::values);
        ours[name] = slot->forward({tape}, tape.constant(x)).value().m;
      });
    else  // in the shape of a checkpoint, or of W
      ours[name] = merged.at(layer + ".weight").m - before.at(layer + ".weight").m;
    if (ours[name].rows() != tensor.m.rows()) ours[name].transposeInPlace();
  }
  return references::compare(reference, ours);
}

void check_same_tensors(const fs::path& a, const fs::path& b) {
  const auto first = nn::SafetensorsFile::read(a), second = nn::SafetensorsFile::read(b);
  CHECK(first.entries().size() == second.entries().size());
  for (const nn::SafetensorsEntry& entry : first.entries()) {
    CAPTURE(entry.name);
    REQUIRE(second.contains(entry.name));
    const auto& other = second.entry(entry.name);
    CHECK(other.shape == entry.shape);
    CHECK(other.dtype == entry.dtype);
    CHECK(std::ranges::equal(first.bytes(entry), second.bytes(other)));
  }
}

lora::LoralibOptions options_of(const Collection& in, const std::string& name) {
  const bool is_ours = in.models == data / "models";
  if (name == "loralib-gpt2")
    return is_ours ? lora::LoralibOptions{2, 3, {"q", "v"}}
                   : lora::LoralibOptions{4, 12, {"q", "v"}};
  return {2, 3, {}};
}

}  // namespace

TEST_CASE("loralib: outputs and changes of its layers, there and back") {
  for (const Collection& in : collections())
    for (const char* base_name : {"gpt2", "roberta"}) {
      const std::string name = fmt::format("loralib-{}", base_name);
      const fs::path file = weights_of(in.adapters / name);
      const lora::LoralibOptions options = options_of(in, name);
      const lora::PortableAdapter adapter = lora::read_loralib(file, options);
      const auto base = nn::ModelFolder(in.models / base_name).load();
      const auto model = nn::ModelFolder(in.models / base_name).load();
      lora::attach(*model, adapter);
      const auto all = layer_differences(*model, *base, in.adapters / name);
      MESSAGE(references::line(name, all));
      CHECK(all.front().part <= 1);

      lora::LoralibOptions wrong = options;  // control
      wrong.alpha *= 2;
      const auto other = nn::ModelFolder(in.models / base_name).load();
      lora::attach(*other, lora::read_loralib(file, wrong));
      CHECK(layer_differences(*other, *base, in.adapters / name).front().part > 100);

      const TemporaryFolder out;
      lora::write_peft(out / "peft", adapter);
      const auto told = lora::write_loralib(out / "back.safetensors", lora::read_peft(out / "peft"),
                                            options.merged);
      CHECK(told.rank == options.rank);
      CHECK(told.alpha == options.alpha);
      check_same_tensors(file, out / "back.safetensors");
    }
}

TEST_CASE("MLX: the logits of its LLaMA, there and back") {
  for (const Collection& in : collections())
    for (const char* kind : {"lora", "dora"}) {
      const std::string name = fmt::format("mlx-{}-llama", kind);
      const fs::path folder = in.adapters / name;
      const lora::PortableAdapter adapter = lora::read_mlx(folder);
      references::Reference reference = references::read(folder);
      reference.given.labels.clear();  // only the logits are there
      const auto logits_differ = [&](const lora::PortableAdapter& with) {
        const auto model = nn::ModelFolder(in.models / "llama").load();
        lora::attach(*model, with);
        return references::compare(reference, references::computed(*model, reference));
      };
      const auto all = logits_differ(adapter);
      MESSAGE(references::line(name, all));
      CHECK(all.front().part <= 1);
      lora::PortableAdapter wrong = adapter;  // control: the scale divided by r
      wrong.config.spec.alpha /= static_cast<double>(wrong.config.spec.rank);
      CHECK(logits_differ(wrong).front().part > 100);

      const TemporaryFolder out;
      lora::write_peft(out / "peft", adapter);
      lora::write_mlx(out / "back", lora::read_peft(out / "peft"), 2);
      check_same_tensors(folder / "adapters.safetensors", out / "back" / "adapters.safetensors");
      const auto again = nn::parse_json_object(nn::read_file(out / "back" / "adapter_config.json"));
      CHECK(again["num_layers"] == 1);
      CHECK(again["fine_tune_type"] == kind);
      CHECK(again["lora_parameters"]["scale"] == 2.5);
    }
}

TEST_CASE("a table that PEFT saves beside its A and B survives loralib") {
  const lora::PortableAdapter adapter = lora::read_peft(data / "adapters" / "lora-llama-embedding");
  const TemporaryFolder out;
  const auto told = lora::write_loralib(out / "a.safetensors", adapter);
  const lora::PortableAdapter back = lora::read_loralib(out / "a.safetensors", told);
  lora::write_peft(out / "b", back);
  check_same_tensors(data / "adapters" / "lora-llama-embedding" / "adapter_model.safetensors",
                     out / "b" / "adapter_model.safetensors");
  const auto model = nn::ModelFolder(data / "models" / "llama").load();
  CHECK_NOTHROW(lora::attach(*model, back));
}

TEST_CASE("loralib's names without a module are refused") {
  const TemporaryFolder out;
  for (const auto& names : {std::vector{"lora_A", ".lora_B"}, std::vector{".lora_A", "lora_B"},
                            std::vector{"a.lora_A", "a.lora_B", "x"}}) {
    nn::SafetensorsWriter file;
    for (const char* name : names) file.add(name, nn::Tensor({2, 2}));
    file.write(out / "a.safetensors");
    CHECK_THROWS_WITH_AS(lora::read_loralib(out / "a.safetensors", {2, 3, {}}),
                         Contains("is in no module"), lora::AdapterError);
  }
}

TEST_CASE("PEFT's tensors survive loralib and MLX bit for bit, also F16 and BF16") {
  lora::PortableAdapter adapter = lora::read_peft(data / "adapters" / "lora-llama-layers");
  for (auto& [key, tensor] : adapter.tensors) {
    tensor.dtype = key.ends_with("lora_A.weight") ? nn::Dtype::F16 : nn::Dtype::BF16;
    const auto is_half = tensor.dtype == nn::Dtype::F16;
    for (nn::Scalar& x : tensor.value.m.reshaped())
      x = is_half
              ? static_cast<nn::Scalar>(static_cast<float>(Eigen::half(static_cast<float>(x))))
              : static_cast<nn::Scalar>(static_cast<float>(Eigen::bfloat16(static_cast<float>(x))));
  }
  const TemporaryFolder out;
  lora::write_peft(out / "a", adapter);
  lora::write_mlx(out / "mlx", lora::read_peft(out / "a"), 2);
  lora::write_peft(out / "b", lora::read_mlx(out / "mlx"));
  check_same_tensors(out / "a" / "adapter_model.safetensors",
                     out / "b" / "adapter_model.safetensors");
  const auto told = lora::write_loralib(out / "c.safetensors", lora::read_peft(out / "b"));
  lora::write_peft(out / "d", lora::read_loralib(out / "c.safetensors", told));
  check_same_tensors(out / "a" / "adapter_model.safetensors",
                     out / "d" / "adapter_model.safetensors");
}

TEST_CASE("what a form cannot hold is an error that names it, and nothing is written") {
  const TemporaryFolder out;
  const auto peft = [](const char* name) { return lora::read_peft(data / "adapters" / name); };
  const auto refused_by_loralib = [&](const char* name, const char* why,
                                      const std::vector<std::string>& merged = {}) {
    CHECK_THROWS_WITH_AS(lora::write_loralib(out / "x.safetensors", peft(name), merged),
                         Contains(why), lora::AdapterError);
  };
  const auto refused_by_mlx = [&](const char* name, const char* why, nn::Index layers = 2) {
    CHECK_THROWS_WITH_AS(lora::write_mlx(out / "x", peft(name), layers), Contains(why),
                         lora::AdapterError);
  };
  refused_by_loralib("dora-llama", "DoRA has no form in loralib");
  refused_by_loralib("vera-llama", "VeRA has no form in loralib");
  refused_by_loralib("prompt-gpt2", "a prompt has no form in loralib");
  refused_by_loralib("lora-llama-patterns", "alpha/sqrt(r)");
  refused_by_loralib("lora-gpt2", "is no merged layer of these parts", {"q", "v"});
  refused_by_loralib("lora-gpt2", "some of q, k, v in this order", {"v", "q"});
  refused_by_mlx("adalora-bert", "AdaLoRA has no form in MLX");
  refused_by_mlx("lora-gpt2", "is in no layer of LLaMA");
  refused_by_mlx("lora-llama-patterns", "MLX has one of each");
  refused_by_mlx("lora-roberta", "has no place in MLX's form");
  refused_by_mlx("lora-llama-layers", "model.layers.2.mlp.down_proj is not adapted", 3);
  refused_by_mlx("lora-llama-layers", "is in no model of 1 layers", 1);
  CHECK(fs::is_empty(out.path()));

  const fs::path merged = data / "adapters" / "loralib-gpt2" / "lora.safetensors";
  CHECK_THROWS_WITH_AS(lora::read_loralib(merged, {2, 3, {}}),
                       Contains("of a merged one the parts must be named"), lora::AdapterError);
  CHECK_THROWS_WITH_AS(lora::read_loralib(merged, {3, 3, {"q", "v"}}),
                       Contains("no layer of rank 3"), lora::AdapterError);
  CHECK_THROWS_WITH_AS(lora::read_loralib(merged, {}), Contains("rank must be named"),
                       lora::AdapterError);
  nn::write_file_atomically(out / "lora.pt", std::string("PK\x03\x04"));
  CHECK_THROWS_WITH_AS(lora::read_loralib(out / "lora.pt", {2, 3, {}}), Contains("is a pickle"),
                       lora::AdapterError);
  nn::write_file_atomically(out / "adapter_config.json", R"({"fine_tune_type": "full"})");
  CHECK_THROWS_WITH_AS(lora::read_mlx(out.path()), Contains("\"lora\" or \"dora\", not \"full\""),
                       lora::AdapterError);
}

}  // namespace interop_forms_test
