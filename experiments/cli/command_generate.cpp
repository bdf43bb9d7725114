#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "data/vocabulary.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/model_options.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"
#include "nn/generate.h"

namespace experiments::cli {

namespace {

struct GenerateOptions {
  ModelOptions model;
  GivenTask task;
  std::vector<int> prompt;
  std::optional<double> temperature;
  std::optional<int> top_k, max_tokens;
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

int run_generate(const Command& command, const GenerateOptions& given) {
  const ModelSource source = model_source(command, given.model);
  nn::GenerateOptions options = sampling(command, given);
  check_task_options(command, given.task);
  std::vector<Line> lines;
  if (command.given("--prompt")) {
    refuse_options(command, {"--task", "--facts"}, "with --prompt");
    lines.push_back({given.prompt, ""});
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

Value words_value(std::vector<int>& words) {
  return {"TEXT", [&words](const std::string&, const std::string& text) {
            words = data::vocabulary().parse(text);
          }};
}

}  // namespace

Command generate_command() {
  Command command("generate", "let a base model or an adapter continue a prompt");
  auto given = std::make_shared<GenerateOptions>();
  add_model_options(command, given->model, BareBase::taken);
  command.option("--prompt", words_value(given->prompt),
                 "words separated by spaces (default: some test prompts of the task)");
  add_task_options(command, given->task);
  command.option("--temperature", not_negative(given->temperature),
                 "draw words; logits are divided by it (default 0: the most likely word)");
  command.option("--top-k", whole(given->top_k, 1, data::vocabulary().size()),
                 "draw among the k most likely words only");
  command.option("--seed", seed_value(given->seed), "of the draws");
  command.option("--max-tokens", whole(given->max_tokens, 1, 1'000'000),
                 "words at most (default: as many as the task's answers have)");
  add_json_option(command, given->json);
  command.action([given](const Command& command) { return run_generate(command, *given); });
  return command;
}

}  // namespace experiments::cli
