#pragma once

#include <string>
#include <vector>

namespace experiments {

/// A table of texts: the first column is left-aligned, all others right-aligned.
struct TextGrid {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  ///< each as long as the head

  std::string text() const;      ///< for a terminal
  std::string markdown() const;  ///< as GitHub reads it
};

}  // namespace experiments
