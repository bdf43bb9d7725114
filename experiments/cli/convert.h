#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

/// What `convert` does. There are two definitions: convert.cpp, and models_missing.cpp for a build
/// without LOWRANK_MODELS, which says how to get it.
namespace experiments::cli {

enum class AdapterForm { peft, loralib, mlx };

struct ConvertOptions {
  AdapterForm from = AdapterForm::peft, to = AdapterForm::peft;
  std::filesystem::path in, out;    ///< folders; of loralib files
  std::optional<long> rank;         ///< of what is read, where it is loralib's
  std::optional<double> alpha;      ///< the same
  std::vector<std::string> merged;  ///< "q", "v": the parts of loralib's MergedLinear
  std::optional<long> layers;       ///< of the whole model, where MLX's is written
  bool json = false;
};

/// Reads the adapter and writes it in the other form; nothing is written where anything is wrong.
int run_convert(const ConvertOptions& given);

}  // namespace experiments::cli
