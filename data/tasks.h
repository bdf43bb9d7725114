#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/random.h"
#include "data/example.h"
#include "data/pretraining.h"
#include "data/vocabulary.h"

namespace data {

struct TaskOptions {
  int facts = 24;  ///< sqlgen only: how many of the 32 aliases get new meanings, 2..32
};

/// What a task asks and how it is trained and scored. A prediction is right when all its target
/// tokens are, which for nli (one target) is the accuracy.
struct TaskInfo {
  std::string needs = {};      ///< facts, switch or routing
  std::string question = {};   ///< what it asks
  std::string adapted = {};    ///< how the adaptation differs from pre-training
  std::string attention = {};  ///< what it needs from attention
  std::string shortcuts = {};  ///< how far one comes without the rule
  std::string words = {};      ///< the words it uses
  std::string metric = {};     ///< "exact match" or "accuracy"
  int n_train = 0;
  int steps = 0;
  int batch = 32;
  int test_size = 0;
  int validation_size = 0;
};

/// A task is a row of data. Those of this project are in all_tasks(); one of your own is another
/// row (docs/examples/own_task.cpp).
struct Task {
  std::string_view name;   ///< also names its random streams: another name, other examples
  bool has_facts = false;  ///< does it take TaskOptions::facts?
  TaskInfo (*info)(const TaskOptions&);

  /// An example whose meaning belongs to the split (see belongs), drawn from the stream alone. All
  /// examples of a task have one length.
  Example (*draw)(autograd::Random& stream, const TaskOptions&, Split);

  /// What an example says, in plain English, in one line; null: nothing is said.
  std::string (*explain)(const Example&, const TaskOptions&) = nullptr;

  const Vocabulary& (*words)() = vocabulary;  ///< whose ids its examples hold

  /// What the shared base is trained on for it; empty: nothing.
  std::span<const BaseTask> pretraining = {};

  /// Tasks are told apart as their examples are, by name.
  bool operator==(const Task& other) const { return name == other.name; }
};

namespace tasks {
extern const Task sqlgen, nli, reorder;
}

/// The tasks of this project, in the order of its tables.
std::span<const Task> all_tasks();

/// Throws std::invalid_argument listing the tasks.
const Task& parse_task(std::string_view name);

/// Its place in all_tasks(), or their number for another name.
std::size_t task_place(std::string_view name);

/// "sqlgen, nli and reorder", with the word that is given before the last.
std::string task_names(std::string_view before_last);

/// For sqlgen n_train is 12.5 examples per fact, rounded (24 facts: 300), so that more facts do not
/// mean fewer examples of each. Throws std::invalid_argument unless 2 <= options.facts <= 32.
TaskInfo info(const Task& task, const TaskOptions& options = {});

/// One example of the adaptation, a pure function of its arguments: the stream is named by the
/// seed, the task, the split and the index.
Example example(const Task& task, const TaskOptions& options, Split split, std::uint64_t seed,
                std::uint64_t index);

/// The examples 0..count-1; the first n of a larger set are the set of n.
std::vector<Example> examples(const Task& task, const TaskOptions& options, Split split,
                              std::uint64_t seed, int count);

/// The same prompts, each with the answer of another: the answers go to the examples in the order
/// that the stream draws, so that how often each answer comes stays as it is, and nothing else of
/// the prompts says it. A control: what a model learns of them it has learned by heart. An example
/// may get its own answer again, and surely so where all answers are equal. Throws
/// std::invalid_argument unless all answers have one place and length.
std::vector<Example> with_permuted_answers(std::vector<Example> examples, autograd::Random stream);

/// What can be had without looking at the prompt: the share of examples that have the commonest
/// answer, and the loss, in nats per target token, of a guess that says at each place of the answer
/// how often each word stands there, which is the mean of the entropies of the places. Permuting
/// answers changes neither. Both throw std::invalid_argument for no example, and the second also
/// where answers differ in length.
double commonest_answer(std::span<const Example> examples);
double blind_loss(std::span<const Example> examples);

std::vector<Example> training_set(const Task& task, const TaskOptions& options, std::uint64_t seed);
std::vector<Example> validation_set(const Task& task, const TaskOptions& options,
                                    std::uint64_t seed);

/// The seed of the test examples that the commands score on unless another is given. Experiments draw
/// those of each repetition by its own seed, so that their sampling error is in the spread.
inline constexpr std::uint64_t test_seed = 0;
std::vector<Example> test_set(const Task& task, const TaskOptions& options,
                              std::uint64_t seed = test_seed);

}  // namespace data
