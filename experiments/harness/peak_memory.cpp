#include "experiments/harness/peak_memory.h"

#include <fstream>
#include <limits>
#include <string>

namespace experiments::harness {

double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024 / 1e6;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace experiments::harness
