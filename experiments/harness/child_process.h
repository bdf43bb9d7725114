#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::harness {

/// What a program that ran to its end said on both streams, and its exit status; -1 where it could
/// not be started or a signal ended it.
struct ChildOutput {
  int status = 0;
  std::string text;
};

/// Runs a program in a folder, with nothing to read. There is no shell between, to which CDPATH or
/// a name such as "-x" would mean something. The first argument is looked up in PATH.
ChildOutput run_program(const std::vector<std::string>& arguments,
                        const std::filesystem::path& folder);

}  // namespace experiments::harness
