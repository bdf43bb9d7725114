#include "experiments/cli/example_lines.h"

#include <fmt/format.h>

#include "data/describe.h"
#include "experiments/cli/command_line.h"
#include "nn/files/json.h"

namespace experiments::cli {

ExampleSet example_set(const data::Task& task, const data::TaskOptions& options, data::Split split,
                       std::uint64_t seed, std::optional<int> training_examples) {
  ExampleSet set{task, options, split, seed, {}};
  if (split == data::Split::test) {
    set.examples = data::test_set(task, options, seed);
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
    nn::Json line{{"id", example_id(set, i)}, {"task", set.task.name}};
    if (set.task.has_facts) line["facts"] = set.options.facts;
    line["split"] = data::to_string(set.split);
    line["seed"] = set.seed;
    line["words"] = word_list(set, example.tokens);
    line["answer_span"] = {example.first_target, example.first_target + example.target_count};
    line["meaning"] = data::explain(set.task, set.options, example);
    line["meaning_id"] = fmt::format("{:016x}", example.meaning);  // 64 bits are no double
    lines += json_line(line);
  }
  return lines;
}

std::string prediction_lines(const ExampleSet& set, std::span<const Answer> answers) {
  std::string lines;
  for (std::size_t i = 0; i < set.examples.size(); ++i)
    lines += json_line({{"id", example_id(set, i)},
                        {"words", word_list(set, set.examples[i].tokens)},
                        {"expected", word_list(set, set.examples[i].answer())},
                        {"answer", word_list(set, answers[i].tokens)},
                        {"right", answers[i].is_right},
                        {"nll", nn::number_json(answers[i].nll)}});
  return lines;
}

}  // namespace experiments::cli
