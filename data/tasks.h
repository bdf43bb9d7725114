#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/example.h"

namespace data {

struct TaskOptions {
  int facts = 24;  ///< sqlgen only: how many of the 32 aliases get new meanings, 2..32
};

/// What a task is and how it is trained and scored. A prediction is right when all its target
/// tokens are, which for nli (one target) is the accuracy.
struct TaskInfo {
  std::string name;
  std::string needs;      ///< facts, switch or routing
  std::string question;   ///< what it asks
  std::string adapted;    ///< how the adaptation differs from pre-training
  std::string attention;  ///< what it needs from attention
  std::string shortcuts;  ///< how far one comes without the rule
  std::string words;      ///< the words it uses
  std::string metric;     ///< "exact match" or "accuracy"
  int n_train = 0;
  int steps = 0;
  int batch = 32;
  int test_size = 0;
  int validation_size = 0;
};

/// For sqlgen n_train is 12.5 examples per fact, rounded (24 facts: 300), so that more facts do not
/// mean fewer examples of each. Throws std::invalid_argument unless 2 <= options.facts <= 32.
TaskInfo info(Task task, const TaskOptions& options = {});

/// One example of the adaptation, a pure function of its arguments: the stream is named by the
/// seed, the task, the split and the index.
Example example(Task task, const TaskOptions& options, Split split, std::uint64_t seed,
                std::uint64_t index);

/// The examples 0..count-1; the first n of a larger set are the set of n.
std::vector<Example> examples(Task task, const TaskOptions& options, Split split,
                              std::uint64_t seed, int count);

std::vector<Example> training_set(Task task, const TaskOptions& options, std::uint64_t seed);
std::vector<Example> validation_set(Task task, const TaskOptions& options, std::uint64_t seed);

/// The same for every seed of an experiment.
std::vector<Example> test_set(Task task, const TaskOptions& options);

}  // namespace data
