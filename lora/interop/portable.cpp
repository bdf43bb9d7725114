#include "lora/interop/portable.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nn/files/encode.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/files/short_list.h"

namespace lora::inline LOWRANK_PRECISION {

namespace fs = std::filesystem;

static constexpr const char* peft_config_name = "adapter_config.json";
static constexpr const char* peft_weights_name = "adapter_model.safetensors";

std::map<std::string, PortableTensor> read_tensors(const fs::path& path) {
  const auto file = nn::SafetensorsFile::read(path);
  const std::string newer = nn::format_problem(file.metadata());
  if (!newer.empty()) throw AdapterError(path, newer);
  std::map<std::string, PortableTensor> tensors;
  for (const nn::SafetensorsEntry& entry : file.entries()) {
    if (entry.dtype != nn::Dtype::F32 && entry.dtype != nn::Dtype::F16 &&
        entry.dtype != nn::Dtype::BF16)
      throw AdapterError(path, fmt::format("{} is {} and not F32, F16 or BF16",
                                           nn::printable(entry.name), to_string(entry.dtype)));
    tensors[entry.name] = {file.tensor(entry.name), entry.dtype};
  }
  return tensors;
}

std::string tensor_bytes(const std::map<std::string, PortableTensor>& tensors,
                         const nn::Metadata& metadata) {
  nn::SafetensorsWriter writer;
  writer.metadata = metadata;
  for (const auto& [name, tensor] : tensors) {
    const std::optional<std::string> bytes = nn::encoded(tensor.value, tensor.dtype);
    if (!bytes)
      throw AdapterError(fmt::format("{} has a value that is no number of the type {}",
                                     nn::printable(name), to_string(tensor.dtype)));
    std::vector<std::uint64_t> shape;
    for (int i = 0; i < tensor.value.shape.rank(); ++i)
      shape.push_back(static_cast<std::uint64_t>(tensor.value.shape[i]));
    writer.add(name, tensor.dtype, shape, *bytes);
  }
  return writer.bytes();
}

std::string read_beside(const fs::path& folder, const char* name) {
  if (!nn::is_there(folder / name)) throw AdapterError(folder, fmt::format("there is no {}", name));
  return nn::read_file(folder / name);
}

PortableAdapter read_peft(const fs::path& folder) {
  const std::string text = read_beside(folder, peft_config_name);
  PortableAdapter adapter;
  try {
    adapter.config = parse_peft_config(text);
  } catch (const std::invalid_argument& error) {
    throw AdapterError(folder / peft_config_name, error.what());
  }
  if (!nn::is_there(folder / peft_weights_name)) {
    if (nn::is_there(folder / "adapter_model.bin"))
      throw AdapterError(folder / "adapter_model.bin",
                         "is a pickle, which is a program and not read here; PEFT saves it as "
                         "safetensors with save_pretrained");
    throw AdapterError(folder, fmt::format("there is no {}", peft_weights_name));
  }
  const fs::path weights = folder / peft_weights_name;
  adapter.tensors = read_tensors(weights);
  adapter.metadata = nn::SafetensorsFile::read_header(weights).metadata();
  adapter.metadata.erase("format");
  return adapter;
}

void write_peft(const fs::path& folder, const PortableAdapter& adapter) {
  nn::Metadata metadata = adapter.metadata;
  metadata["format"] = "pt";
  const std::string bytes = tensor_bytes(adapter.tensors, metadata);
  const std::string text = to_json(adapter.config);
  nn::create_folders(folder);
  nn::write_file_atomically(folder / peft_weights_name, bytes);
  nn::write_file_atomically(folder / peft_config_name, text);
}

std::string tensor_difference(const std::map<std::string, PortableTensor>& tensors,
                              const nn::Shapes& wanted) {
  nn::ShortList missing, extra, shape;
  for (const auto& [name, of_model] : wanted) {
    const auto found = tensors.find(name);
    if (found == tensors.end())
      missing.add(name);
    else if (found->second.value.shape != of_model)
      shape.add(fmt::format("{} is {} and not {}", name, found->second.value.shape.str(),
                            of_model.str()));
  }
  for (const auto& [name, tensor] : tensors)
    if (!wanted.contains(name)) extra.add(nn::plain(name));
  std::vector<std::string> parts;
  missing.append_to(parts, "missing");
  extra.append_to(parts, "not of this model");
  shape.append_to(parts, "wrong shape");
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace lora::inline LOWRANK_PRECISION
