#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/tasks.h"
#include "experiments/training/batches.h"

/// A task's examples, and what a model says for them, as files have them: a line of JSON each.
namespace experiments::cli {

/// One split of a task.
struct ExampleSet {
  data::Task task;
  data::TaskOptions options;
  data::Split split = data::Split::test;
  std::uint64_t seed = data::test_seed;
  std::vector<data::Example> examples;
};

/// The training and validation examples of a run of this seed, or test examples named by it. `training_examples`: as many as the task says unless given.
ExampleSet example_set(const data::Task& task, const data::TaskOptions& options, data::Split split,
                       std::uint64_t seed = data::test_seed,
                       std::optional<int> training_examples = {});

/// "nli/train/1/0": task, split, seed and index, from which an example is drawn. A task with facts
/// has their number too, "sqlgen-20/test/0/7": with another number it is another example.
std::string example_id(const ExampleSet& set, std::size_t index);

/// Of each example: id, task, facts (where it has any), split, seed, words, answer_span (the first
/// word of the answer and the first after it), meaning in plain English, and meaning_id, by which
/// the task is split.
std::string example_lines(const ExampleSet& set);

/// Of each example: id, words, expected (the words of the right answer), answer (those of the
/// model), right, and nll in nats per word of the answer. `answers` are as many as the examples.
std::string prediction_lines(const ExampleSet& set, std::span<const Answer> answers);

}  // namespace experiments::cli
