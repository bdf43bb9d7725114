#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "data/vocabulary.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/model_options.h"
#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_options.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"
#include "nn/generate.h"

namespace experiments::cli {

namespace {

struct GenerateOptions {
  ModelOptions model;
  GivenTask task;
  std::string prompt;
  std::optional<double> temperature;
  std::optional<int> top_k, max_tokens;
  PretrainedGenerate pretrained;  // with its own options
  DataFile data;
  std::uint64_t seed = 1;
  bool json = false;
};

struct Line {
  std::vector<int> prompt;
  std::string expected;  // empty where the user wrote the prompt
};

nn::GenerateOptions sampling(const Command& command, const GenerateOptions& given) {
  nn::GenerateOptions options;
  options.stop = data::word::eos;
  options.temperature = given.temperature.value_or(0);
  if (options.temperature == 0)
    refuse_options(command, {"--top-k", "--seed"},
                   "without a --temperature above 0: the most likely word is taken");
  options.top_k = given.top_k.value_or(options.top_k);
  return options;
}

std::vector<Line> test_prompts(const TaskChoice& choice) {
  constexpr int shown = 3;
  std::vector<Line> lines;
  for (const data::Example& example :
       data::examples(choice.task, choice.options, data::Split::test, data::test_seed, shown))
    lines.push_back({{example.prompt().begin(), example.prompt().end()},
                     data::vocabulary().text(example.answer())});
  return lines;
}

int answer_length(const TaskChoice& choice) {
  return data::example(choice.task, choice.options, data::Split::test, data::test_seed, 0)
      .target_count;
}

// The tasks train a model to give an answer, not to end it: what it says after that many words
// means nothing. Where the task is not known, the longest answer of any.
int answer_length(const SourcedModel& sourced) {
  if (const auto labelled = labelled_task(sourced)) return answer_length(*labelled);
  int longest = 0;
  for (const data::Task& task : data::all_tasks())
    longest = std::max(longest, answer_length(TaskChoice{task, default_task_options()}));
  return longest;
}

const std::vector<std::string> pretrained_options{"--frozen", "--prompt-ids", "--stop", "--data",
                                                  "--format"};

int run_generate_pretrained(const Command& command, const GenerateOptions& given) {
  refuse_options(command,
                 {"--checkpoint", "--results", "--base-seed", "--base-steps", "--width", "--depth",
                  "--task", "--facts"},
                 "with --model");
  const bool of_file = command.given("--data");
  if (command.given("--prompt") + command.given("--prompt-ids") + of_file != 1)
    throw UsageError(
        "generate --model wants one of --prompt TEXT, --prompt-ids LIST and --data FILE");
  if (of_file)
    require_data(command);
  else
    refuse_options(command, {"--format"}, "without --data");
  PretrainedGenerate wanted = given.pretrained;
  if (wanted.beams > 1)
    refuse_options(command, {"--temperature", "--top-k", "--seed"}, "with --beams above 1");
  else
    refuse_options(command, {"--length-penalty"}, "without --beams above 1");
  wanted.temperature = sampling(command, given).temperature;
  wanted.top_k = given.top_k.value_or(0);
  wanted.adapter = given.model.adapter;
  if (command.given("--prompt")) wanted.prompt = given.prompt;
  wanted.max_tokens = given.max_tokens.value_or(wanted.max_tokens);
  wanted.seed = given.seed, wanted.json = given.json;
  return of_file ? generate_for_file(wanted, given.data) : generate_pretrained(wanted);
}

int run_generate(const Command& command, const GenerateOptions& given) {
  if (!given.pretrained.model.empty()) return run_generate_pretrained(command, given);
  refuse_options(command, pretrained_options, "without --model");
  refuse_options(command, search_options, "without --model");
  const ModelSource source = model_source(command, given.model);
  nn::GenerateOptions options = sampling(command, given);
  check_task_options(command, given.task);
  std::vector<Line> lines;
  if (command.given("--prompt")) {
    refuse_options(command, {"--task", "--facts"}, "with --prompt");
    lines.push_back({data::vocabulary().parse(given.prompt), ""});
  }
  const SourcedModel sourced = load_model(source);
  int length = 0;
  if (!command.given("--prompt")) {
    const TaskChoice choice = chosen_task(command, given.task, sourced);
    lines = test_prompts(choice);
    length = answer_length(choice);
  } else {
    length = answer_length(sourced);
  }
  options.max_tokens = given.max_tokens.value_or(length);

  nn::Json generated = nn::Json::array();
  nn::Random random(given.seed, "generate");
  for (const Line& line : lines) {
    const std::string prompt = data::vocabulary().text(line.prompt);
    const std::string answer =
        data::vocabulary().text(nn::generate(*sourced.model, line.prompt, options, random));
    generated.push_back({{"prompt", prompt}, {"answer", answer}});
    if (!line.expected.empty()) generated.back()["expected"] = line.expected;
    if (!given.json)
      print_out("{} -> {}{}\n", prompt, answer,
                line.expected.empty() ? "" : fmt::format("  (expected: {})", line.expected));
  }
  if (given.json) print_out("{}", json_line({{"generated", generated}}));
  return 0;
}

constexpr int largest_id = (1 << 24) - 1;  // as many words as a model may have

// "3,1,1": ids in their order; "none" where there may be none.
std::vector<int> read_ids(const std::string& option, const std::string& text) {
  std::vector<int> ids;
  std::istringstream list(text);
  for (std::string one; std::getline(list, one, ',');) {
    const std::optional<long> id = nn::read_whole(one);
    if (!id || *id < 0 || *id > largest_id)
      throw UsageError(fmt::format("{} '{}': ids from 0 on are wanted, as 15,2,15", option, one));
    ids.push_back(static_cast<int>(*id));
  }
  return ids;
}

Value ids_value(std::vector<int>& ids) {
  return {"LIST", [&ids](const std::string& option, const std::string& text) {
            ids = read_ids(option, text);
          }};
}

Value stops_value(std::optional<std::vector<int>>& stops) {
  return {"LIST", [&stops](const std::string& option, const std::string& text) {
            stops = text == "none" ? std::vector<int>{} : read_ids(option, text);
          }};
}

}  // namespace

Command generate_command() {
  Command command("generate", "let a base model or an adapter continue a prompt");
  auto given = std::make_shared<GenerateOptions>();
  add_model_options(command, given->model, BareBase::taken);
  command.option(
      "--prompt", text_value(given->prompt),
      "words separated by spaces (default: some test prompts of the task); with --model: "
      "a text");
  add_task_options(command, given->task);
  command.option("--temperature", not_negative(given->temperature),
                 "draw words; logits are divided by it (default 0: the most likely word)");
  command.option("--top-k",
                 whole(given->top_k, 1,
                       [given] {
                         return given->pretrained.model.empty() ? data::vocabulary().size()
                                                                : largest_id;
                       }),
                 "draw among the k most likely words only");
  command.option("--seed", seed_value(given->seed), "of the draws");
  command.option("--max-tokens", whole(given->max_tokens, 1, 1'000'000),
                 "words at most (default: as many as the task's answers have; with --model: 20)");
  add_pretrained_option(command, given->pretrained.model);
  add_frozen_option(command, given->pretrained.frozen);
  command.option("--prompt-ids", ids_value(given->pretrained.prompt_ids),
                 "with --model: the prompt as ids, which want no tokenizer");
  command.option("--stop", stops_value(given->pretrained.stops),
                 "with --model: ids that end a text, or none (default: the folder's eos_token_id)");
  add_search_options(command, given->pretrained);
  add_data_options(command, given->data, "with --model: prompts to go on with, each once");
  add_json_option(command, given->json);
  command.action([given](const Command& command) { return run_generate(command, *given); });
  return command;
}

}  // namespace experiments::cli
