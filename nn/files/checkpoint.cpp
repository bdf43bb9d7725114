#include "nn/files/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "nn/files/json.h"
#include "nn/files/model_file.h"
#include "nn/files/safetensors_header.h"
#include "nn/files/short_list.h"

namespace nn::inline LOWRANK_PRECISION {
static constexpr const char* config_key = "config";

const std::string& config_text(const SafetensorsFile& file) {
  const std::string problem = format_problem(file.metadata());
  if (!problem.empty()) throw CheckpointError(problem);
  const auto found = file.metadata().find(config_key);
  if (found == file.metadata().end())
    throw CheckpointError(
        fmt::format("not a checkpoint of this program: its metadata have no \"{}\"", config_key));
  return found->second;
}

std::string format_problem(const Metadata& metadata) {
  const auto found = metadata.find(format_key);
  if (found == metadata.end() || found->second == file_format) return "";
  return fmt::format("its format is {}, and this program reads {}", shown(found->second),
                     file_format);
}

void save_model_file(const std::filesystem::path& path, Module& model, Shapes plain,
                     const std::string& config, const Metadata& extra) {
  SafetensorsWriter writer;
  ShortList unknown;
  model.visit("", [&](const std::string& name, Parameter& p) {
    writer.add(name, p.value);
    if (plain.erase(name) == 0) unknown.add(name);
  });
  std::vector<std::string> problems;
  unknown.append_to(problems, "parameters that a plain model does not have (unwrap it first)");
  for (const char* key : {config_key, format_key})
    if (extra.contains(key))
      problems.push_back(fmt::format("the metadata key \"{}\" is taken", key));
  if (!problems.empty())
    throw CheckpointError(
        fmt::format("{} cannot be written: {}", path.string(), fmt::join(problems, "; ")));

  writer.metadata = extra;
  writer.metadata[format_key] = std::string(file_format);
  writer.metadata[config_key] = config;
  writer.write(path);
}

void save_checkpoint(const std::filesystem::path& path, Decoder& model, const Metadata& extra) {
  save_model_file(path, model, parameter_shapes(model.config), to_json(model.config), extra);
}

std::unique_ptr<Decoder> load_checkpoint(const std::filesystem::path& path) {
  return load_model_file<Decoder>(path, decoder_config_from_json);
}

Metadata read_checkpoint_metadata(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::read_header(path);
  about(path, [&] { return decoder_config_from_json(config_text(file)); });
  return file.metadata();
}

Shapes parameter_shapes(const DecoderConfig& c) {
  Shapes shapes{{"tok.weight", {c.vocabulary, c.d_model}}, {"pos.weight", {c.context, c.d_model}}};
  const auto norm = [&](const std::string& name) {
    shapes[name + ".weight"] = shapes[name + ".bias"] = {c.d_model};
  };
  for (Index i = 0; i < c.layers; ++i) {
    norm(fmt::format("blocks.{}.ln1", i));
    norm(fmt::format("blocks.{}.ln2", i));
  }
  for (const auto& [name, in, out] : slot_shapes(c)) {
    shapes[name + ".weight"] = {out, in};
    shapes[name + ".bias"] = {out};
  }
  norm("ln_f");
  if (!c.tied) shapes["head.weight"] = {c.vocabulary, c.d_model};
  return shapes;
}

static std::string names_of(const std::vector<Dtype>& dtypes) {
  std::vector<std::string_view> names;
  for (const Dtype dtype : dtypes) names.push_back(to_string(dtype));
  return fmt::format("{}", fmt::join(names, " or "));
}

std::string difference(const SafetensorsFile& file, const Shapes& wanted,
                       const std::vector<Dtype>& dtypes) {
  ShortList missing, extra, shape, dtype;
  std::map<std::string_view, const SafetensorsEntry*> stored;
  for (const SafetensorsEntry& entry : file.entries()) stored[entry.name] = &entry;
  for (const auto& [name, wanted_shape] : wanted) {
    const auto found = stored.find(name);
    if (found == stored.end()) {
      missing.add(name);
      continue;
    }
    const SafetensorsEntry& entry = *found->second;
    if (!has_shape(entry, wanted_shape))
      shape.add(fmt::format("{} is ({}) and not {}", name, fmt::join(entry.shape, ","),
                            wanted_shape.str()));
    if (std::ranges::find(dtypes, entry.dtype) == dtypes.end())
      dtype.add(fmt::format("{} is {} and not {}", name, to_string(entry.dtype), names_of(dtypes)));
    stored.erase(found);
  }
  for (const auto& [name, entry] : stored) extra.add(printable(name));

  std::vector<std::string> parts;
  missing.append_to(parts, "missing");
  extra.append_to(parts, "not wanted");
  shape.append_to(parts, "wrong shape");
  dtype.append_to(parts, "wrong dtype");
  return fmt::format("{}", fmt::join(parts, "; "));
}

// A chain of mix64 over 64-bit words: each depends on all before it, so order and place count.
std::string fingerprint(const std::map<std::string, Valued>& values) {
  std::uint64_t hash = 0;
  const auto add = [&](std::uint64_t word) {
    hash = autograd::mix64((hash ^ word) + 0x9e3779b97f4a7c15u);
  };
  const auto add_tensor = [&](const Tensor& tensor) {
    add(static_cast<std::uint64_t>(tensor.shape.rank()));
    for (int i = 0; i < tensor.shape.rank(); ++i) add(static_cast<std::uint64_t>(tensor.shape[i]));
    for (const Scalar x : tensor.m.reshaped<Eigen::RowMajor>())
      add(std::bit_cast<std::uint32_t>(static_cast<float>(x)));
  };
  for (const auto& [name, value] : values) {
    add(autograd::fnv1a(name));
    if (const auto* tensor = std::get_if<const Tensor*>(&value))
      add_tensor(**tensor);
    else
      add_tensor(std::get<const autograd::HalfMatrix*>(value)->tensor());
  }
  return fmt::format("{:016x}", hash);
}

Valued valued(const Parameter& parameter) {
  if (parameter.half) return parameter.half.get();
  return &parameter.value;
}

std::string fingerprint(Module& module) {
  std::map<std::string, Valued> values;
  module.visit("", [&](const std::string& name, Parameter& p) { values[name] = valued(p); });
  return fingerprint(values);
}

}  // namespace nn::inline LOWRANK_PRECISION
