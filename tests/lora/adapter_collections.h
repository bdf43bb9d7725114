#pragma once

#include <filesystem>
#include <optional>

#include "tests/nn/references.h"

/// Adapters with references, and the models that they are made for.
namespace adapter_collections {

struct Collection {
  std::filesystem::path models, adapters;
};

inline const std::filesystem::path data = std::filesystem::path(LOWRANK_SOURCE_DIR) / "tests/data";
inline const Collection ours{data / "models", data / "adapters"};

/// Those below the folder LOWRANK_REFERENCES, where the environment has one.
inline std::optional<Collection> elsewhere() {
  const auto root = references::elsewhere();
  if (!root || !std::filesystem::exists(*root / "adapters")) return {};
  return Collection{*root, *root / "adapters"};
}

inline std::vector<Collection> collections() {
  std::vector<Collection> all{ours};
  if (const auto there = elsewhere()) all.push_back(*there);
  return all;
}

}  // namespace adapter_collections
