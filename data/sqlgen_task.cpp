#include <fmt/format.h>

#include "data/explain.h"
#include "data/sqlgen.h"
#include "data/tasks.h"

namespace data {
namespace {

TaskInfo sqlgen_info(const TaskOptions& options) {
  const int facts = options.facts;
  adapted_aliases(facts);  // refuses what is not a number of facts
  TaskInfo t;
  t.needs = "facts";
  t.question =
      "Turn a question about a table into SQL. The prompt lists the four columns of the table, "
      "then asks for an aggregate of one column where another compares with a value. A column is "
      "named outright (c5) or by an alias (a7) that can mean two columns, one of which is in the "
      "table.";
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

Example draw_sqlgen(autograd::Random& stream, const TaskOptions& options, Split split) {
  return sqlgen_example(stream, options.facts, split);
}

std::string explain_sqlgen_example(const Example& example, const TaskOptions& options) {
  return explain_sqlgen(example, adapted_aliases(options.facts));
}

constexpr BaseTask sqlgen_pretraining[] = {BaseTask::sqlgen};

}  // namespace

constinit const Task tasks::sqlgen{.name = "sqlgen",
                                   .has_facts = true,
                                   .info = sqlgen_info,
                                   .draw = draw_sqlgen,
                                   .explain = explain_sqlgen_example,
                                   .pretraining = sqlgen_pretraining};

}  // namespace data
