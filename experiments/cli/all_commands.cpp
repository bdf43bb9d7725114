#include <algorithm>

#include "experiments/cli/all_experiments.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/paper/table6.h"

namespace experiments::cli {

Command all_commands() {
  std::vector<Command> commands{
      paper_command(),   //
      report_command(),  //
      experiment_command(table6::experiment()),
      known_rank_command(),      //
      sweep_command(),           //
      compare_command(),         //
      learning_rates_command(),  //
      tasks_command(),           //
      pretrain_command(),        //
      trace_command(),           //
      train_command(),           //
      eval_command(),            //
      merge_command(),           //
      analyse_command(),         //
      generate_command(),        //
      export_command(),          //
      tokenize_command(),        //
      convert_command(),         //
      bench_command(),           //
  };
  for (const Experiment& experiment : all_experiments())
    if (std::none_of(commands.begin(), commands.end(), [&](const Command& own) {
          return own.name() == experiment.name;  // with options of its own
        }))
      commands.push_back(experiment_command(experiment));
  Command program{
      "lowrank",
      "LoRA from the chain rule up: train it, look into it, reproduce the paper on toy tasks",
      std::move(commands)};
  for (const auto& [name, successor] : replaced_commands())
    program.refuse(name, successor + " has taken its place");
  return program;
}

}  // namespace experiments::cli
