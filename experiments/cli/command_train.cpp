#include <fmt/format.h>

#include <memory>
#include <set>

#include "data/sqlgen.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/model_source.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/train_run.h"
#include "experiments/evidence/json_object.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "experiments/training/task_score.h"

namespace experiments {

namespace {

struct TrainOptions {
  std::string task, mode = "lora", out, results = "results";
  std::string targets = "q,v", targets_regex, rank = "4", alpha = "8", scaling = "alpha/r",
              init = "gaussian", dropout = "0", rank_pattern, alpha_pattern;
  std::string lr, steps, examples, seed = "1", facts;
  std::string base_seed = std::to_string(default_base_seed),
              base_steps = std::to_string(BaseConfig().steps);
  bool dry_run = false, json = false;
};

const std::vector<std::string> lora_only{"--targets", "--targets-regex", "--rank",
                                         "--alpha",   "--scaling",       "--init",
                                         "--dropout", "--rank-pattern",  "--alpha-pattern"};

int whole(const std::string& name, const std::string& text, long low, long high) {
  return static_cast<int>(parse_integer(name, text, low, high));
}

std::uint64_t seed_of(const std::string& name, const std::string& text) {
  return static_cast<std::uint64_t>(parse_integer(name, text, 0, largest_seed));
}

// Names with a dot are matched with the model's own, which is the injection's task.
std::vector<std::string> parse_projections(const std::string& text) {
  const std::vector<std::string> targets = split_at_commas(text);
  for (const std::string& target : targets)
    if (target.find('.') == std::string::npos) parse_targets(target);
  if (std::set(targets.begin(), targets.end()).size() != targets.size())
    throw UsageError(fmt::format("--targets {} names a projection twice", text));
  return targets;
}

// The fields of the cell that say how the adapter is trained, whatever the method.
Cell common_cell(const Command& command, const TrainOptions& given) {
  Cell cell;
  const data::Task& task = data::parse_task(given.task);
  cell.task = given.task;
  if (task.has_facts)
    cell.facts = given.facts.empty()
                     ? default_task_options().facts
                     : whole("--facts", given.facts, data::min_facts, data::alias_count);
  else
    refuse_options(command, {"--facts"}, "without the task sqlgen");
  const data::TaskInfo info = data::info(task, task_options(cell));
  cell.steps = given.steps.empty() ? info.steps : whole("--steps", given.steps, 1, 1'000'000);
  cell.examples =
      given.examples.empty() ? info.n_train : whole("--examples", given.examples, 1, 100'000);
  cell.seed = seed_of("--seed", given.seed);
  cell.base_seed = seed_of("--base-seed", given.base_seed);
  return cell;
}

void read_lora(const Command& command, const TrainOptions& given, TrainRun& run) {
  Cell& cell = run.cell;
  if (given.targets_regex.empty()) {
    cell.targets = parse_projections(given.targets);
  } else {
    refuse_options(command, {"--targets"}, "beside --targets-regex");
  }
  cell.rank = whole("--rank", given.rank, 1, largest_rank);
  cell.alpha = parse_positive("--alpha", given.alpha);
  cell.scaling = given.scaling;
  cell.init = lora::to_string(lora::parse_init(given.init));
  cell.dropout = parse_fraction("--dropout", given.dropout);
  run.lora = lora_config(cell);
  run.lora.targets_regex = given.targets_regex;
  if (!given.rank_pattern.empty())
    for (const auto& [name, text] : split_pairs("--rank-pattern", given.rank_pattern))
      run.lora.rank_pattern.emplace_back(name,
                                         whole("--rank-pattern " + name, text, 1, largest_rank));
  if (!given.alpha_pattern.empty())
    for (const auto& [name, text] : split_pairs("--alpha-pattern", given.alpha_pattern))
      run.lora.alpha_pattern.emplace_back(name, parse_positive("--alpha-pattern " + name, text));
}

TrainRun train_run(const Command& command, const TrainOptions& given) {
  TrainRun run;
  run.cell = common_cell(command, given);
  run.base = base_config(run.cell.base_seed,
                         parse_integer("--base-steps", given.base_steps, 1, most_base_steps));
  run.cell.method = given.mode;
  if (given.mode == "lora")
    read_lora(command, given, run);
  else if (given.mode == "full")
    refuse_options(command, lora_only, "with --mode full");
  else
    throw UsageError(fmt::format("unknown mode '{}'; valid are lora and full", given.mode));
  if (given.lr.empty()) {
    const LearningRate rate = learning_rate(run.cell, recorded_learning_rates());
    run.cell.lr = rate.lr;
    run.lr_source = rate.source;
  } else {
    run.cell.lr = parse_positive("--lr", given.lr);
    run.lr_source = "given";
  }
  return run;
}

int run_train(const Command& command, const TrainOptions& given) {
  const TrainRun run = train_run(command, given);
  JsonObject object = to_json(run);
  if (given.dry_run) {
    print_out("{}", given.json ? object.printed() : describe(run));
    return 0;
  }
  require_option(command, "--out",
                 given.mode == "lora" ? "DIR, the adapter's folder"
                                      : "FILE.safetensors, the checkpoint to write");
  check_output(run, given.out);
  const Base base = base_with_progress(run.base, std::filesystem::path(given.results) / "base");
  if (!given.json) print_out("{}", describe(run));
  flush_out();

  const TrainResult trained = train_and_save(base, run, given.out);
  const std::string not_drawn = draw_losses(run, given.out);
  const data::Task& task = data::parse_task(run.cell.task);
  const auto test_set = data::test_set(task, task_options(run.cell));
  const TaskScore before = score_task(*base.model, test_set);
  const TaskScore score = score_task(*trained.model, test_set);
  const nn::Index all = nn::count(nn::parameters(*trained.model));
  if (given.json) {
    object.set("out", given.out);
    object.set("parameters", all);
    object.set("loss_csv", loss_path(run, given.out).string());
    object.set("base_value", before.value);
    object.set("base_nll", before.nll);
    object.set("metric", score.metric);
    object.set("value", score.value);
    object.set("nll", score.nll);
    print_out("{}", object.printed());
    return 0;
  }
  print_out("before: {}\nafter:  {}\n", to_string(before), to_string(score));
  print_out("trained {} of {} parameters, {:.3g} %\n", trainable_count(run), all,
            100 * static_cast<double>(trainable_count(run)) / static_cast<double>(all));
  print_out("written to {}; the loss of each step to {}\n", given.out,
            loss_path(run, given.out).string());
  print_out("{}\n", not_drawn.empty() ? "drawn in " + loss_path(run, given.out, ".svg").string()
                                      : "the loss is not drawn: " + not_drawn);
  return 0;
}

void add_lora_options(Command& command, TrainOptions& given) {
  const auto add = [&](const char* name, std::string& value, const std::string& help) {
    command.option(name, value, help);
  };
  add("--targets", given.targets, "projections, as q,v or blocks.0.attn.q");
  add("--targets-regex", given.targets_regex, "instead: an expression that full names match");
  add("--rank", given.rank, "r, 1 to 64");
  add("--alpha", given.alpha, "numerator of the scale");
  add("--scaling", given.scaling, "alpha/r or alpha/sqrt(r)");
  add("--init", given.init, "of A: gaussian or kaiming-uniform");
  add("--dropout", given.dropout, "on the input of A");
  add("--rank-pattern", given.rank_pattern, "other ranks, as v=8,blocks.0.attn.q=2");
  add("--alpha-pattern", given.alpha_pattern, "other alphas, as v=16");
}

}  // namespace

Command train_command() {
  Command command("train", "train one adapter on one task");
  auto given = std::make_shared<TrainOptions>();
  const auto add = [&](const char* name, std::string& value, const std::string& help) {
    command.option(name, value, help);
  };
  command.required("--task", given->task, data::task_names("or"));
  add("--mode", given->mode, "lora, or full: train every weight");
  add("--out", given->out,
      "lora: the adapter's folder; full: the checkpoint's file (required without --dry-run)");
  add_lora_options(command, *given);
  add("--lr", given->lr, "peak learning rate (default: the recorded one, else 0.01; full 0.001)");
  add("--steps", given->steps, "of the optimizer (default: the task's)");
  add("--examples", given->examples, "to train on (default: the task's)");
  add("--seed", given->seed, "of A, the examples and their order");
  add("--facts", given->facts, "sqlgen: how many meanings change, 2 to 32 (default 20)");
  add("--base-seed", given->base_seed, "names the pre-trained base");
  add("--base-steps", given->base_steps, "the steps it was trained for");
  add("--results", given->results, "results folder; the base is in RESULTS/base");
  command.flag("--dry-run", given->dry_run, "print what would be trained; write nothing");
  command.flag("--json", given->json, "print one JSON object");
  command.action([given](const Command& command) { return run_train(command, *given); });
  return command;
}

}  // namespace experiments
