#include <fmt/format.h>

#include "lora/inject.h"
#include "lora/interop/attach.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/models/model_folder.h"
#include "nn/models/step.h"

// interop_writer DATA OUT: adapters as this library writes them, into folders of OUT/models and
// OUT/toys, and the logits that it computes with them, for peft_test.py.

namespace fs = std::filesystem;

namespace {

void write_logits(const fs::path& out, const nn::Tensor& values) {
  nn::SafetensorsWriter file;
  file.add("logits", values);
  file.write(out / "logits.safetensors");
}

void write(const fs::path& out, nn::Pretrained& model, const std::string& base,
           const fs::path& inputs) {
  lora::PortableAdapter adapter = lora::collect(model);
  adapter.config.base_model = base;
  lora::write_peft(out, adapter);
  write_logits(out, nn::step_values(model, nn::read_inputs(inputs)).at("logits"));
}

// A toy base, which transformers does not know, and LoRA on it. The other one's head is not tied.
void write_toy(const fs::path& out, bool tied) {
  nn::DecoderConfig config;
  config.vocabulary = 13, config.context = 6, config.d_model = 8, config.layers = 2;
  config.heads = 2, config.d_mlp = 12, config.tied = tied;
  config.gelu = tied ? autograd::Gelu::erf : autograd::Gelu::tanh;
  nn::Decoder model(config, /*seed=*/3);
  fs::create_directories(out);
  nn::save_checkpoint(out / "base.safetensors", model);
  lora::LoraConfig lora;
  lora.targets = {"q", "v", "up"};
  lora.spec.rank = 2, lora.spec.alpha = 3;
  for (lora::LoraLinear* layer : lora::inject(model, lora, 1))
    layer->B.value = nn::Random(2, layer->B.name).normal(layer->B.value.shape, 0.3);
  lora::save_adapter(out / "adapter", model);
  const std::vector<int> ids{1, 5, 9, 12, 0, 7, 2, 2, 11, 3, 4, 6};  // two rows
  const std::vector<int> positions{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  nn::Tape tape(autograd::TapeMode::values);
  write_logits(out, model.logits({tape}, {2, 6, ids, {}}, positions).value());
}

void write_all(const fs::path& data, const fs::path& out) {
  for (const auto& entry : fs::directory_iterator(data / "adapters")) {
    fs::path folder = entry.path();
    const std::string name = folder.filename().string();
    if (fs::exists(folder / "trained")) folder /= "trained";  // PiSSA
    if (!fs::exists(folder / "adapter_config.json")) continue;
    const nn::Json config = nn::parse_json_object(nn::read_file(folder / "adapter_config.json"));
    if (!config.contains("peft_type")) continue;
    const auto base = config["base_model_name_or_path"].get<std::string>();
    const auto model = nn::ModelFolder(data / "models" / base).load();
    lora::load_peft(folder, *model);
    write(out / name, *model, base, data / "models" / base / "inputs.json");
  }
  // What is trained here: LoRA on two pieces of c_attn.
  const auto model = nn::ModelFolder(data / "models" / "gpt2").load({.split_c_attn = true});
  lora::LoraConfig config;
  config.targets = {"c_attn.q", "c_attn.v"};
  config.spec.rank = 2, config.spec.alpha = 3;
  for (lora::LoraLinear* layer : lora::inject(*model, config, 1))
    layer->B.value = nn::Random(2, layer->B.name).normal(layer->B.value.shape, 0.3);
  write(out / "c_attn-in-pieces", *model, "gpt2", data / "models" / "gpt2" / "inputs.json");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const fs::path out = argv[2];
    write_all(argv[1], out / "models");
    write_toy(out / "toys" / "tied", true);
    write_toy(out / "toys" / "untied", false);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
