#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "experiments/command_parser.h"
#include "experiments/commands.h"
#include "experiments/pretrain.h"
#include "experiments/study_command.h"

namespace {

constexpr int wrong_input = 2, stopped = 130;

int fail(int code, std::string_view message) {
  fmt::print(stderr, "lowrank: {}\n", message);
  return code;
}

int run(experiments::Command& program, int argc, char** argv) {
  try {
    const experiments::Command* command = experiments::parse(program, argc, argv);
    return command == nullptr ? 0 : command->run();  // null: --help
  } catch (const experiments::Stopped& error) {
    return fail(stopped, error.what());
  } catch (const std::bad_alloc&) {
    return fail(wrong_input, "not enough memory");
  } catch (const std::exception& error) {
    return fail(wrong_input, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace experiments;
  std::vector<Command> commands{
      paper_command(),           //
      report_command(),          //
      table6_command(),          //
      known_rank_command(),      //
      learning_rates_command(),  //
      tasks_command(),           //
      pretrain_command(),        //
      trace_command(),           //
      train_command(),           //
      eval_command(),            //
      merge_command(),           //
      generate_command(),        //
      bench_command(),           //
  };
  for (const Experiment& experiment : all_experiments())
    if (std::none_of(commands.begin(), commands.end(), [&](const Command& own) {
          return own.name() == experiment.name;  // with options of its own
        }))
      commands.push_back(experiment_command(experiment));
  Command program(
      "lowrank",
      "LoRA from the chain rule up: train it, look into it, reproduce the paper on toy tasks.",
      std::move(commands));
  const int code = run(program, argc, argv);
  // What the program says may go to a full disk; a lost result must not look like a finished one.
  if (std::fflush(stdout) != 0 && code == 0)
    return fail(wrong_input, fmt::format("cannot write the output: {}", std::strerror(errno)));
  return code;
}
