#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/study_command.h"
#include "experiments/paper/table6.h"

namespace experiments {

namespace {

struct Table6Texts : StudyTexts {
  std::string ranks;
  std::vector<std::string> targets;
};

Table6Options table6_options(const Table6Texts& given) {
  Table6Options options = table6_preset(given.preset);
  apply(given, options);
  if (!given.ranks.empty()) options.ranks = parse_integers("--ranks", given.ranks, 1, largest_rank);
  if (!given.targets.empty()) {
    options.targets.clear();
    for (const std::string& text : given.targets) options.targets.push_back(parse_targets(text));
  }
  return options;
}

}  // namespace

Command table6_command() {
  Command command("table6", "the paper's Table 6 on the toy tasks: rank against adapted weights");
  auto given = std::make_shared<Table6Texts>();
  add_study_options(command, *given);
  command.option("--ranks", given->ranks, "ranks r, as 1,2,4");
  command.options("--targets", given->targets, "a weight set, as q,v");
  command.action([given](const Command&) {
    const Table6Options options = table6_options(*given);
    Progress progress;
    Bases bases(options.out / "base", options.base_steps);
    Experiment experiment = table6_experiment();
    // With the ranks and weight sets that were given.
    experiment.run = [&](const StudyOptions&, Bases& its_bases, Progress& shown) {
      return run_table6(options, its_bases, shown);
    };
    run_experiment(experiment, options, bases, progress);
    if (options.is_part()) return 0;
    say_where(progress, options, experiment.name);
    return 0;
  });
  return command;
}

}  // namespace experiments
