#include <fmt/format.h>

#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/example_lines.h"
#include "experiments/cli/model_options.h"
#include "experiments/cli/pretrained_options.h"
#include "experiments/harness/output.h"
#include "experiments/training/task_score.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

struct EvalOptions {
  ModelOptions model;
  GivenTask task;
  std::uint64_t data_seed = data::test_seed;
  std::filesystem::path predictions;
  bool json = false;
  PretrainedEval pretrained;  // with its own options
  std::optional<int> max_tokens;
};

// One pass over the test examples gives the score and what it adds up.
TaskScore score_and_save(nn::Model& model, const TaskChoice& choice, std::uint64_t data_seed,
                         const std::filesystem::path& predictions) {
  const ExampleSet set = example_set(choice.task, choice.options, data::Split::test, data_seed);
  std::vector<Answer> answers;
  const TaskScore score =
      score_task(model, set.examples, [&](const Answer& answer) { answers.push_back(answer); });
  if (!predictions.empty()) {
    nn::create_folders(predictions.parent_path());
    nn::write_file_atomically(predictions, prediction_lines(set, answers));
  }
  return score;
}

nn::Json eval_json(const EvalOptions& given, const SourcedModel& sourced, const TaskChoice& choice,
                   const TaskScore& score) {
  nn::Json object = nn::Json::object();
  if (!sourced.adapter.empty()) object["adapter"] = sourced.adapter;
  object["base"] = sourced.base;
  object["task"] = choice.task.name;
  if (choice.task.has_facts) object["facts"] = choice.options.facts;
  if (given.data_seed != data::test_seed) object["data_seed"] = given.data_seed;
  object["metric"] = score.metric;
  object["value"] = nn::number_json(score.value);
  object["nll"] = nn::number_json(score.nll);
  object["examples"] = score.examples;
  if (!given.predictions.empty()) object["predictions"] = given.predictions.string();
  return object;
}

const std::vector<std::string> options_of_files{"--data", "--format", "--length", "--max-tokens",
                                                "--frozen"};

int run_eval_pretrained(const Command& command, const EvalOptions& given) {
  refuse_options(command,
                 {"--checkpoint", "--results", "--base-seed", "--base-steps", "--width", "--depth",
                  "--task", "--facts", "--data-seed"},
                 "with --model");
  require_data(command);
  if (given.pretrained.how.beams == 1)
    refuse_options(command, {"--length-penalty"}, "without --beams above 1");
  PretrainedEval wanted = given.pretrained;
  for (const std::string& option : search_options)
    if (command.given(option)) wanted.of_decoding.push_back(option);
  if (command.given("--max-tokens")) wanted.of_decoding.emplace_back("--max-tokens");
  constexpr int of_a_sentence = 64;
  wanted.how.adapter = given.model.adapter;
  wanted.how.max_tokens = given.max_tokens.value_or(of_a_sentence);
  wanted.how.json = given.json;
  wanted.predictions = given.predictions;
  return eval_pretrained(wanted);
}

int run_eval(const Command& command, const EvalOptions& given) {
  if (!given.pretrained.how.model.empty()) return run_eval_pretrained(command, given);
  refuse_options(command, options_of_files, "without --model");
  refuse_options(command, search_options, "without --model");
  const ModelSource source = model_source(command, given.model);
  check_task_options(command, given.task);
  if (!given.predictions.empty()) {
    constexpr std::size_t more_than_any_task = 1'000'000;
    refuse_to_replace("--predictions", given.predictions);
    nn::check_writable(given.predictions, more_than_any_task);
  }
  const SourcedModel sourced = load_model(source);
  const TaskChoice choice = chosen_task(command, given.task, sourced);
  const TaskScore score =
      score_and_save(*sourced.model, choice, given.data_seed, given.predictions);
  if (given.json) {
    print_out("{}", json_line(eval_json(given, sourced, choice, score)));
    return 0;
  }
  print_out("{}\n{}{}: {}\n", to_string(sourced), choice.task.name,
            choice.task.has_facts ? fmt::format(" with {} new facts", choice.options.facts) : "",
            to_string(score));
  if (!given.predictions.empty())
    print_out("what it said for each of them is in {}\n", given.predictions.string());
  return 0;
}

}  // namespace

Command eval_command() {
  Command command("eval", "score a model or an adapter on a task's test examples or a file");
  auto given = std::make_shared<EvalOptions>();
  add_model_options(command, given->model, BareBase::taken);
  add_task_options(command, given->task);
  command.option("--data-seed", seed_value(given->data_seed),
                 "names other test examples: a sweep scores its runs on those of their seed");
  command.option("--predictions", path_value(given->predictions),
                 "a file to write: what the model says for each example, in lines of JSON");
  add_pretrained_option(command, given->pretrained.how.model);
  add_data_options(command, given->pretrained.data, "with --model: the file to score on");
  command.option("--length", whole(given->pretrained.length, 2, 1'000'000),
                 "with --model: ids of a text at most (default: as many as the model takes)");
  command.option("--max-tokens", whole(given->max_tokens, 1, 1'000'000),
                 "with --model: of what it writes to a prompt (default 64)");
  add_search_options(command, given->pretrained.how);
  add_frozen_option(command, given->pretrained.how.frozen);
  add_json_option(command, given->json);
  command.action([given](const Command& command) { return run_eval(command, *given); });
  return command;
}

}  // namespace experiments::cli
