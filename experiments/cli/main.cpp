#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "experiments/cli/commands.h"
#include "experiments/harness/output.h"
#include "experiments/harness/worker_threads.h"
#include "experiments/training/pretrain.h"
#include "experiments/training/stopped.h"

namespace {

// Lets threads that wait for others sleep, rather than spin on a core that another program may
// need, unless OMP_WAIT_POLICY says what they do. For main, before anything else: the program may
// begin again, with the same arguments, streams and process id.
//
// GCC's OpenMP reads its settings when it is loaded, before the first line of any code of ours, and
// has no function for this one. So it is loaded again. Where that cannot be done threads spin, and
// nothing else is lost.
void wait_passively([[maybe_unused]] char** arguments) {
#ifdef _OPENMP
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  // Or a processor to which OMP_PROC_BIND has tied this thread would stay.
  experiments::harness::run_on_usable_cores();
  // By its path, so that ps, gdb and pkill show its name and not "exe".
  std::error_code error;
  ::execv(std::filesystem::read_symlink("/proc/self/exe", error).c_str(), arguments);
  ::execv("/proc/self/exe", arguments);  // where the file is no longer there
#endif
}

constexpr int wrong_input = 2, stopped = 130, reader_gone = 128 + SIGPIPE;

int fail(int code, std::string_view message) {
  experiments::harness::print_err("lowrank: {}\n", message);
  return code;
}

int run(experiments::cli::Command& program, int argc, char** argv) {
  try {
    const experiments::cli::Command* command = experiments::cli::parse(program, argc, argv);
    return command == nullptr ? 0 : command->run();  // null: --help
  } catch (const experiments::training::Stopped& error) {
    return fail(stopped, error.what());
  } catch (const std::bad_alloc&) {
    return fail(wrong_input, "not enough memory");
  } catch (const std::exception& error) {
    return fail(wrong_input, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace experiments::cli;
  wait_passively(argv);
  prepare_standard_streams();
  Command program = all_commands();
  const int code = run(program, argc, argv);
  // A lost result must not look like a finished one. A reader that left, such as `head`, knows it
  // did.
  const int error = error_of_output();
  if (error == 0 || code != 0) return code;
  if (error == EPIPE) return reader_gone;
  return fail(wrong_input, fmt::format("cannot write the output: {}", std::strerror(error)));
}
