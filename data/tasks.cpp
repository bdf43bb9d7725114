#include "data/tasks.h"

#include <fmt/format.h>

#include <stdexcept>

#include "data/nli.h"
#include "data/reorder.h"
#include "data/sqlgen.h"

namespace data {
namespace {

constexpr std::uint64_t test_seed = 0;

TaskInfo sqlgen_info(int facts) {
  adapted_aliases(facts);  // refuses what is not a number of facts
  TaskInfo t;
  t.name = "sqlgen";
  t.needs = "facts";
  t.question =
      "Turn a question about a table into SQL. The prompt lists the four columns of the table, "
      "then "
      "asks for an aggregate of one column where another compares with a value. A column is named "
      "outright (c5) or by an alias (a7) that can mean two columns, one of which is in the table.";
  t.adapted = fmt::format(
      "{} of the 32 aliases mean two other columns than before; prompts use these aliases for 4 of "
      "5 mentions and column names for the rest.",
      facts);
  t.attention =
      "New facts: where to look stays the same, what is found there changes. That is the business "
      "of the value and output projections (and of the MLP), not of query and key.";
  t.shortcuts =
      "The old meanings are never right, so they give 4% (both columns named outright); choosing "
      "columns of the table at random gives about 20%.";
  t.words =
      "<sch> <q> <sql> <eos> where WHERE, aggregates max min avg sum count and their SQL MAX MIN "
      "AVG SUM COUNT, comparisons is isnot more less atleast atmost and their SQL = != > < >= <=, "
      "columns c0-c23, aliases a0-a31, values v0-v23";
  t.metric = "exact match";
  t.n_train = (25 * facts + 1) / 2;  // 12.5 a fact, a half rounded up
  t.steps = 500;
  t.test_size = 1000;
  t.validation_size = 500;
  return t;
}

TaskInfo nli_info() {
  TaskInfo t;
  t.name = "nli";
  t.needs = "switch";
  t.question =
      "Given a premise (quantifier, noun, verb), must a hypothesis be true (yes), can it not be "
      "(no_), or neither (maybe)? Nouns and verbs name sets: n4-n7 are kinds of g1, w2 and w3 "
      "kinds "
      "of W1, and otherwise different words exclude each other.";
  t.adapted =
      "Pre-training gives true labels after <prem> and random ones after <premR>; the adaptation "
      "asks for true labels after <premR>.";
  t.attention =
      "A switch: the base knows the answer but has learned not to give it after this prefix. One "
      "direction that tells the two prefixes apart has to be turned.";
  t.shortcuts =
      "The commonest label gives 38%, the hypothesis alone up to 50% (a group word such as g1 "
      "makes some relations likelier), quantifiers with 'same noun?' and 'same verb?' 59%.";
  t.words =
      "<prem> <premR> <hyp> <ans> <eos>, quantifiers all some no notall, nouns n0-n23 and their "
      "groups g0-g5, verbs w0-w7 and their groups W0-W3, labels yes maybe no_";
  t.metric = "accuracy";
  t.n_train = 1000;
  t.steps = 800;
  t.test_size = 1500;
  t.validation_size = 500;
  return t;
}

TaskInfo reorder_info() {
  TaskInfo t;
  t.name = "reorder";
  t.needs = "routing";
  t.question =
      "Say five values again, sorted by type. v0-v3 are of type 0, v4-v7 of type 1, up to v20-v23 "
      "of type 5; a prompt holds five values of five different types.";
  t.adapted = "The types come in the order 3 2 5 0 4 1 instead of 0 1 2 3 4 5.";
  t.attention =
      "Routing: what is copied stays the same, where each step looks for it changes. That is the "
      "business of the query and key projections.";
  t.shortcuts =
      "The old order is never right: no five types keep it. Copying the prompt as it stands gives "
      "1 in 120.";
  t.words = "<mr> <txt> <eos>, values v0-v23";
  t.metric = "exact match";
  t.n_train = 200;
  t.steps = 1000;
  t.test_size = 1000;
  t.validation_size = 500;
  return t;
}

}  // namespace

TaskInfo info(Task task, const TaskOptions& options) {
  switch (task) {
    case Task::sqlgen:
      return sqlgen_info(options.facts);
    case Task::nli:
      return nli_info();
    case Task::reorder:
      return reorder_info();
  }
  throw std::invalid_argument(fmt::format("no task has the number {}", static_cast<int>(task)));
}

Example example(Task task, const TaskOptions& options, Split split, std::uint64_t seed,
                std::uint64_t index) {
  autograd::Random stream(seed,
                          fmt::format("data.{}.{}.{}", to_string(task), to_string(split), index));
  switch (task) {
    case Task::sqlgen:
      return sqlgen_example(stream, options.facts, split);
    case Task::nli:
      return nli_example(stream, Prefix::adapted, split);
    case Task::reorder:
      return reorder_example(stream, adapted_type_order, split);
  }
  throw std::invalid_argument(fmt::format("no task has the number {}", static_cast<int>(task)));
}

std::vector<Example> examples(Task task, const TaskOptions& options, Split split,
                              std::uint64_t seed, int count) {
  std::vector<Example> list;
  for (int i = 0; i < count; ++i)
    list.push_back(example(task, options, split, seed, static_cast<std::uint64_t>(i)));
  return list;
}

std::vector<Example> training_set(Task task, const TaskOptions& options, std::uint64_t seed) {
  return examples(task, options, Split::train, seed, info(task, options).n_train);
}

std::vector<Example> validation_set(Task task, const TaskOptions& options, std::uint64_t seed) {
  return examples(task, options, Split::validation, seed, info(task, options).validation_size);
}

std::vector<Example> test_set(Task task, const TaskOptions& options) {
  return examples(task, options, Split::test, test_seed, info(task, options).test_size);
}

}  // namespace data
