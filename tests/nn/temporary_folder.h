#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "nn/files/file.h"

/// With what only a test asks of a folder.
class TemporaryFolder : public nn::TemporaryFolder {
 public:
  /// The names of everything directly inside, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& item : std::filesystem::directory_iterator(path()))
      names.push_back(item.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};
