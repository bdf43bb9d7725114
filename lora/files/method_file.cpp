#include "lora/files/method_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <functional>
#include <numeric>

#include "lora/files/adapter_config.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

namespace fs = std::filesystem;

constexpr const char* file_name = "method.safetensors";
constexpr const char* method_key = "lowrank.method";
constexpr const char* size_key = "lowrank.size";
constexpr const char* config_key = "lowrank.config";
constexpr const char* frozen_key = "lowrank.frozen_fingerprint";
constexpr const char* base_key = "lowrank.base_model";
constexpr const char* lora_key = "lowrank.lora";  // as adapter_config.json, where there is LoRA

nn::Shapes trained_shapes(nn::Decoder& model) {
  nn::Shapes shapes;
  model.visit("", [&](const std::string& name, Parameter& p) {
    if (p.trainable) shapes[name] = p.value.shape;
  });
  return shapes;
}

// What trains in a decoder that is wrapped by the specification.
nn::Shapes wanted_shapes(const nn::DecoderConfig& config, const MethodSpec& spec) {
  nn::Decoder model(config, 0);
  wrap(model, spec, 0);
  return trained_shapes(model);
}

std::string fingerprint_without(nn::Decoder& model, const nn::Shapes& trained) {
  std::map<std::string, nn::Valued> frozen;
  model.visit("", [&](const std::string& name, Parameter& p) {
    if (trained.contains(name)) return;
    std::string plain = name;  // without what a wrapper puts in: blocks.0.attn.o.base.weight
    if (const auto at = plain.rfind(".base."); at != std::string::npos) plain.erase(at, 5);
    frozen[plain] = nn::valued(p);
  });
  for (const auto& [name, layer] : lora_layers(model)) frozen[name + ".weight"] = &layer->w0();
  return nn::fingerprint(frozen);
}

// The first name in which two lists of tensors differ.
std::string first_difference(const nn::Shapes& there, const nn::Shapes& wanted) {
  for (const auto& [name, shape] : wanted) {
    const auto found = there.find(name);
    if (found == there.end()) return fmt::format("{} does not train", name);
    if (found->second != shape)
      return fmt::format("{} is {} and not {}", name, found->second.str(), shape.str());
  }
  for (const auto& [name, shape] : there)
    if (!wanted.contains(name)) return fmt::format("{} trains", name);
  return "";
}

struct MethodFile {
  MethodInfo info;
  std::string config, frozen;
  nn::SafetensorsFile tensors;
};

Index size_from(const fs::path& path, const std::string& text) {
  Index size = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, size);
  if (error != std::errc() || at != end || text.empty())
    throw AdapterError(
        path, fmt::format("\"{}\" must be a whole number, not {}", size_key, nn::shown(text)));
  return size;
}

// Of a file that was read whole or only its header.
MethodFile method_of(nn::SafetensorsFile tensors, const fs::path& path) {
  MethodFile file;
  file.tensors = std::move(tensors);
  nn::Metadata left = file.tensors.metadata();
  const std::string newer = nn::format_problem(left);
  if (!newer.empty()) throw AdapterError(path, newer);
  left.erase(nn::format_key);
  const auto take = [&](const char* key) {
    const auto found = left.find(key);
    if (found == left.end())
      throw AdapterError(path,
                         fmt::format("not a method's file: its metadata have no \"{}\"", key));
    return left.extract(found).mapped();
  };
  MethodInfo& info = file.info;
  info.spec.name = take(method_key);
  info.spec.size = size_from(path, take(size_key));
  info.base_model = take(base_key);
  file.config = take(config_key);
  file.frozen = take(frozen_key);
  try {
    if (method(info.spec.name).has_lora) info.spec.lora = parse_adapter_config(take(lora_key)).lora;
  } catch (const std::invalid_argument& error) {
    throw AdapterError(path, error.what());
  }
  for (const auto& [name, value] : left)
    if (name.starts_with("lowrank."))
      throw AdapterError(path, fmt::format("unknown metadata {}", nn::shown(name)));
  info.metadata = std::move(left);
  for (const nn::SafetensorsEntry& entry : file.tensors.entries())
    info.parameters += static_cast<Index>(std::accumulate(entry.shape.begin(), entry.shape.end(),
                                                          std::uint64_t{1}, std::multiplies{}));
  return file;
}

// Everything that keeps the file from being this model's; "" where nothing does.
std::string problems_of(const MethodFile& file, nn::Decoder& model) {
  const std::string config = nn::to_json(model.config);
  if (file.config != config)
    return fmt::format("it was made for a model of another configuration: {}, not {}",
                       nn::shown(file.config), nn::shown(config));
  // What agrees with the file's tensors is no larger than the file, and may be built.
  const Index wanted = count(file.info.spec, model.config);
  if (wanted != file.info.parameters)
    return fmt::format("{} ({}) trains {} parameters, the file holds {}", file.info.spec.name,
                       describe_size(file.info.spec), wanted, file.info.parameters);
  std::vector<std::string> problems;
  const nn::Shapes shapes = wanted_shapes(model.config, file.info.spec);
  const std::string tensors = nn::difference(file.tensors, shapes);
  if (!tensors.empty()) problems.push_back(tensors);
  const std::string actual = fingerprint_without(model, shapes);
  if (file.frozen != actual)
    problems.push_back(fmt::format("it was made for another base: fingerprint {}, not \"{}\"",
                                   nn::shown(file.frozen), actual));
  return fmt::format("{}", fmt::join(problems, "; "));
}

MethodInfo info_of(const AdapterInfo& adapter) {
  return {{"lora", 0, adapter.config},
          adapter.base_model,
          adapter.metadata,
          adapter.parameters,
          !adapter.base_fingerprint.empty()};
}

// Whether a folder is in PEFT's layout; otherwise it has a method's file.
bool is_adapter(const fs::path& folder) {
  const bool ours = nn::is_there(folder / file_name);
  const bool peft = nn::is_there(folder / "adapter_config.json");
  if (!ours && !peft)
    throw AdapterError(folder,
                       fmt::format("there is neither {} nor adapter_config.json", file_name));
  if (ours && peft)
    throw AdapterError(folder, fmt::format("there are both {} and adapter_config.json", file_name));
  return peft;
}

}  // namespace

std::string frozen_fingerprint(nn::Decoder& model, const MethodSpec& spec) {
  return fingerprint_without(model, wanted_shapes(model.config, spec));
}

void save_method(const fs::path& folder, nn::Decoder& model, const MethodSpec& given,
                 const AdapterLabels& labels) {
  MethodSpec spec = given;
  if (method(spec.name).has_lora) spec.lora = config_of(model);
  const nn::Shapes wanted = wanted_shapes(model.config, spec);
  const std::string wrong = first_difference(trained_shapes(model), wanted);
  if (!wrong.empty())
    throw AdapterError(fmt::format("the model is not adapted by {} ({}): {}", spec.name,
                                   describe_size(spec), wrong));
  if (spec.name == "lora") return save_adapter(folder, model, labels);

  nn::SafetensorsWriter writer;
  for (const auto& [name, value] : labels.metadata)
    if (name.starts_with("lowrank."))
      throw AdapterError(fmt::format("the metadata key \"{}\" is taken", name));
  writer.metadata = labels.metadata;
  writer.metadata[nn::format_key] = std::string(nn::file_format);
  writer.metadata[method_key] = spec.name;
  writer.metadata[size_key] = fmt::format("{}", spec.size);
  writer.metadata[config_key] = nn::to_json(model.config);
  writer.metadata[frozen_key] = fingerprint_without(model, wanted);
  writer.metadata[base_key] = labels.base_model;
  if (method(spec.name).has_lora)
    writer.metadata[lora_key] = to_json(AdapterConfig{spec.lora, labels.base_model});
  model.visit("", [&](const std::string& name, Parameter& p) {
    if (p.trainable) writer.add(name, p.value);
  });
  const std::string bytes = writer.bytes();  // throws where a label is not UTF-8
  nn::create_folders(folder);
  nn::write_file_atomically(folder / file_name, bytes);
}

MethodInfo describe_method(const fs::path& folder) {
  if (is_adapter(folder)) return info_of(describe_adapter(folder));
  const fs::path path = folder / file_name;
  return method_of(nn::SafetensorsFile::read_header(path), path).info;
}

MethodInfo load_method(const fs::path& folder, nn::Decoder& model, const AdapterOptions& options) {
  if (is_adapter(folder)) return info_of(load_adapter(folder, model, options));
  const fs::path path = folder / file_name;
  const MethodFile file = method_of(nn::SafetensorsFile::read(path), path);
  try {
    check_plain(model, file.info.spec.name);
    const std::string problems = problems_of(file, model);
    if (!problems.empty()) throw AdapterError(path, problems);
  } catch (const std::invalid_argument& error) {
    throw AdapterError(path, error.what());
  }
  const std::uint64_t any_seed = 0;  // what it draws is overwritten
  wrap(model, file.info.spec, any_seed);
  for (Parameter* p : nn::trainable_parameters(model)) p->set(file.tensors.tensor(p->name));
  return file.info;
}

}  // namespace lora::inline LOWRANK_PRECISION
