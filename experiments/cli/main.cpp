#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "experiments/cli/command_parser.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/wait_policy.h"
#include "experiments/harness/output.h"
#include "experiments/training/pretrain.h"
#include "experiments/training/stopped.h"

namespace {

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
