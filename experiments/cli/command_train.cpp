#include <fmt/format.h>

#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/train_options.h"
#include "experiments/cli/train_pretrained_options.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "experiments/training/task_score.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

int run_train(const Command& command, const TrainOptions& given) {
  if (!given.pretrained.model.empty()) return train_pretrained(pretrained_train(command, given));
  refuse_options(command, pretrained_only(), "without --model");
  require_option(command, "--task", data::task_names("or") + ", or --model DIR");
  const TrainRun run = train_run(command, given);
  nn::Json object = to_json(run);
  if (given.dry_run) {
    print_out("{}", given.json ? json_line(object) : describe(run));
    return 0;
  }
  require_option(command, "--out",
                 run.cell.method == "full" ? "FILE.safetensors, the checkpoint to write"
                                           : "DIR, the folder to write");
  check_output(run, given.out);
  const Base base = base_with_progress(run.base, given.results / "base");
  if (!given.json) print_out("{}", describe(run));
  flush_out();

  const TrainResult trained = train_and_save(base, run, given.out);
  const std::string not_drawn = draw_losses(run, given.out);
  const data::Task& task = given.task;
  const auto test_set = data::test_set(task, task_options(run.cell));
  const TaskScore before = score_task(*copy_of(*base.model), test_set);
  const TaskScore score = score_task(*trained.model, test_set);
  const nn::Index all = nn::count(nn::parameters(*trained.model));
  if (given.json) {
    object["out"] = given.out.string();
    object["parameters"] = all;
    object["loss_csv"] = loss_path(run, given.out).string();
    object["base_value"] = nn::number_json(before.value);
    object["base_nll"] = nn::number_json(before.nll);
    object["metric"] = score.metric;
    object["value"] = nn::number_json(score.value);
    object["nll"] = nn::number_json(score.nll);
    print_out("{}", json_line(object));
    return 0;
  }
  print_out("before: {}\nafter:  {}\n", to_string(before), to_string(score));
  print_out("trained {} of {} parameters, {:.3g} %\n", trainable_count(run), all,
            100 * static_cast<double>(trainable_count(run)) / static_cast<double>(all));
  print_out("written to {}; the loss of each step to {}\n", given.out.string(),
            loss_path(run, given.out).string());
  print_out("{}\n", not_drawn.empty() ? "drawn in " + loss_path(run, given.out, ".svg").string()
                                      : "the loss is not drawn: " + not_drawn);
  return 0;
}

}  // namespace

Command train_command() {
  Command command("train", "train an adapter, or all, on a task or on a file");
  auto given = std::make_shared<TrainOptions>();
  add_train_options(command, *given);
  command.action([given](const Command& command) { return run_train(command, *given); });
  return command;
}

}  // namespace experiments::cli
