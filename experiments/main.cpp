#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "experiments/command_line.h"
#include "experiments/usage.h"

namespace {

constexpr int wrong_input = 2, stopped = 130;

int fail(int code, std::string_view message) {
  fmt::print(stderr, "lowrank: {}\n", message);
  return code;
}

int run(CLI::App& app, const experiments::Action& action, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    experiments::check_values(app);
    return action();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    return fail(wrong_input, experiments::usage_message(app, error));
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
  CLI::App app{
      "LoRA from the chain rule up: train it, look into it, reproduce the paper on toy tasks.",
      "lowrank"};
  app.require_subcommand(1);
  app.get_formatter()->column_width(28);
  experiments::Action action;
  experiments::add_table6(app, action);
  experiments::add_tasks(app, action);
  experiments::add_pretrain(app, action);
  experiments::add_trace(app, action);
  experiments::add_train(app, action);
  experiments::add_eval(app, action);
  experiments::add_merge(app, action);
  experiments::add_generate(app, action);

  const int code = run(app, action, argc, argv);
  // What the program says may go to a full disk; a lost result must not look like a finished one.
  if (std::fflush(stdout) != 0 && code == 0)
    return fail(wrong_input, fmt::format("cannot write the output: {}", std::strerror(errno)));
  return code;
}
