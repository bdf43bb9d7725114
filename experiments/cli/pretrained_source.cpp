#include "experiments/cli/pretrained_source.h"

#include <fmt/format.h>

#include "experiments/cli/command_line.h"
#include "nn/files/file.h"

namespace experiments::cli {

lora::AdapterInfo put_adapter(const std::filesystem::path& adapter, nn::Pretrained& model) {
  return lora::load_adapter(adapter, model, {.require_fingerprint = false});
}

std::unique_ptr<nn::Pretrained> load_pretrained(const nn::ModelFolder& folder,
                                                const std::filesystem::path& adapter) {
  if (!adapter.empty()) lora::describe_adapter(adapter);  // a wrong one before the weights are read
  auto model = folder.load();
  if (!adapter.empty()) put_adapter(adapter, *model);
  return model;
}

std::string about(const nn::ModelFolder& folder, nn::Pretrained& model) {
  const nn::Sizes& sizes = model.sizes;
  return fmt::format(
      "{}, {}: {} layers of width {}, {} words, at most {} positions; {} parameters, of which {} "
      "train",
      folder.model_type(), to_string(model.head), sizes.layers, sizes.width, sizes.vocabulary,
      sizes.positions, nn::count(nn::parameters(model)),
      nn::count(nn::trainable_parameters(model)));
}

void check_out(const std::filesystem::path& out, std::size_t bytes) {
  refuse_to_replace("--out", out);
  nn::check_writable(out, bytes);
}

}  // namespace experiments::cli
