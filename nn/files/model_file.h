#pragma once

#include <fmt/format.h>

#include "nn/files/checkpoint.h"

/// What checkpoints of all architectures have in common: one safetensors file with every parameter
/// under its name as F32, and the configuration as JSON under the metadata key "config". An
/// architecture has a struct Config with a number of layers, parameter_shapes(config), and a model
/// that is made of a config and a seed.
namespace nn::inline LOWRANK_PRECISION {

/// The text under "config". Throws CheckpointError where there is none, or a newer program wrote the
/// file.
const std::string& config_text(const SafetensorsFile& file);

/// save_checkpoint of a model whose parameters, where none of it is wrapped, are `plain`.
void save_model_file(const std::filesystem::path& path, Module& model, Shapes plain,
                     const std::string& config, const Metadata& extra);

/// What `action` returns, its CheckpointErrors with the path in front.
template <class Action>
auto about(const std::filesystem::path& path, Action action) {
  try {
    return action();
  } catch (const CheckpointError& error) {
    throw CheckpointError(fmt::format("{}: {}", path.string(), error.what()));
  }
}

/// The configuration in a file whose tensors are those it asks for.
template <class Config>
Config checked_config(const SafetensorsFile& file, Config (*parse)(std::string_view)) {
  const Config config = parse(config_text(file));
  // The number of layers decides how long the list of names is, so it comes first.
  if (static_cast<std::uint64_t>(config.layers) > file.entries().size())
    throw CheckpointError(fmt::format("the configuration has {} layers, the file only {} tensors",
                                      config.layers, file.entries().size()));
  // What agrees with the file's tensors is no larger than the file.
  const std::string problems = difference(file, parameter_shapes(config));
  if (!problems.empty()) throw CheckpointError(problems);
  return config;
}

/// load_checkpoint of any architecture.
template <class Any, class Config>
std::unique_ptr<Any> load_model_file(const std::filesystem::path& path,
                                     Config (*parse)(std::string_view)) {
  // Somebody's file of gigabytes is known by its header, before the rest of it is read.
  const SafetensorsFile header = SafetensorsFile::read_header(path);
  about(path, [&] { return checked_config(header, parse); });
  const SafetensorsFile file = SafetensorsFile::read(path);
  return about(path, [&] {
    auto model = std::make_unique<Any>(checked_config(file, parse), 0);
    model->visit("", [&](const std::string& name, Parameter& p) { p.set(file.tensor(name)); });
    return model;
  });
}

}  // namespace nn::inline LOWRANK_PRECISION
