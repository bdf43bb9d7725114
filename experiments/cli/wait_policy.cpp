#include "experiments/cli/wait_policy.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "experiments/harness/worker_threads.h"

namespace experiments::cli {

// GCC's OpenMP reads its settings when it is loaded, before the first line of any code of ours, and
// has no function for this one. So it is loaded again. Where that cannot be done threads spin, and
// nothing else is lost.
void wait_passively([[maybe_unused]] char** arguments) {
#ifdef _OPENMP
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  run_on_usable_cores();  // a processor to which OMP_PROC_BIND has tied this thread would stay
  // By its path, so that ps, gdb and pkill show its name and not "exe".
  std::error_code error;
  ::execv(std::filesystem::read_symlink("/proc/self/exe", error).c_str(), arguments);
  ::execv("/proc/self/exe", arguments);  // where the file is no longer there
#endif
}

}  // namespace experiments::cli
