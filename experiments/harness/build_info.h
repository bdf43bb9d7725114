#pragma once

#include <string>

#include "experiments/namespaces.h"

namespace experiments::harness {

/// How the program was built, for the run card.
struct BuildInfo {
  std::string version;   ///< of the project, "0.1.0"
  std::string commit;    ///< "unknown" outside a git checkout, "...+changes" from a modified one
  std::string compiler;  ///< name and version
  std::string flags;     ///< those that decide about speed and rounding
};

/// Defined in a file that the build writes (cmake/build_info.cmake).
BuildInfo build_info();

}  // namespace experiments::harness
