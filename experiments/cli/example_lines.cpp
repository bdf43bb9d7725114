#include "experiments/cli/example_lines.h"

#include <fmt/format.h>

#include "data/describe.h"
#include "experiments/evidence/json_object.h"

namespace experiments::cli {

ExampleSet example_set(const data::Task& task, const data::TaskOptions& options, data::Split split,
                       std::uint64_t seed, std::optional<int> training_examples) {
  ExampleSet set{task, options, split, seed, {}};
  if (split == data::Split::test) {
    set.seed = data::test_seed;
    set.examples = data::test_set(task, options);
  } else if (split == data::Split::validation) {
    set.examples = data::validation_set(task, options, seed);
  } else {
    set.examples = data::examples(task, options, split, seed,
                                  training_examples.value_or(data::info(task, options).n_train));
  }
  return set;
}

std::string example_id(const ExampleSet& set, std::size_t index) {
  return fmt::format("{}{}/{}/{}/{}", set.task.name,
                     set.task.has_facts ? fmt::format("-{}", set.options.facts) : "",
                     data::to_string(set.split), set.seed, index);
}

static std::vector<std::string> word_list(const ExampleSet& set, std::span<const int> ids) {
  std::vector<std::string> words;
  for (const int id : ids) words.push_back(set.task.words().word(id));
  return words;
}

std::string example_lines(const ExampleSet& set) {
  std::string lines;
  for (std::size_t i = 0; i < set.examples.size(); ++i) {
    const data::Example& example = set.examples[i];
    JsonObject line;
    line.set("id", example_id(set, i));
    line.set("task", set.task.name);
    if (set.task.has_facts) line.set("facts", set.options.facts);
    line.set("split", data::to_string(set.split));
    line.set("seed", set.seed);
    line.set("words", word_list(set, example.tokens));
    line.set_json("answer_span", fmt::format("[{},{}]", example.first_target,
                                             example.first_target + example.target_count));
    line.set("meaning", data::explain(set.task, set.options, example));
    line.set("meaning_id", fmt::format("{:016x}", example.meaning));  // 64 bits are no double
    lines += line.printed();
  }
  return lines;
}

std::string prediction_lines(const ExampleSet& set, std::span<const Answer> answers) {
  std::string lines;
  for (std::size_t i = 0; i < set.examples.size(); ++i) {
    JsonObject line;
    line.set("id", example_id(set, i));
    line.set("words", word_list(set, set.examples[i].tokens));
    line.set("expected", word_list(set, set.examples[i].answer()));
    line.set("answer", word_list(set, answers[i].tokens));
    line.set("right", answers[i].is_right);
    line.set("nll", answers[i].nll);
    lines += line.printed();
  }
  return lines;
}

}  // namespace experiments::cli
