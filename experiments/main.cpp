#include <fmt/format.h>

#include "experiments/command_line.h"

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

  try {
    app.parse(argc, argv);
    return action();
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help
    fmt::print(stderr, "lowrank: {}\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "lowrank: {}\n", e.what());
    return 2;
  }
}
