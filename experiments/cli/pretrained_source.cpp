#include "experiments/cli/pretrained_source.h"

#include <fmt/format.h>

#include "experiments/cli/command_line.h"
#include "nn/files/file.h"

namespace experiments::cli {

Loaded load_pretrained(const nn::ModelFolder& folder, const std::filesystem::path& adapter) {
  if (adapter.empty()) return {folder.load(), {}};
  if (lora::says_its_base(adapter)) {
    lora::describe_adapter(adapter);
    Loaded loaded{folder.load(), {}};
    lora::load_adapter(adapter, *loaded.model);
    return loaded;
  }
  const lora::PortableAdapter read = lora::read_peft(adapter);
  Loaded loaded{folder.load(), read.config};
  lora::attach(*loaded.model, read, adapter);
  return loaded;
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
