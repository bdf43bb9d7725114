#include "data/explain.h"
#include "data/reorder.h"
#include "data/tasks.h"

namespace data {
namespace {

TaskInfo reorder_info(const TaskOptions&) {
  TaskInfo t;
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

Example draw_reorder(autograd::Random& stream, const TaskOptions&, Split split) {
  return reorder_example(stream, adapted_type_order, split);
}

std::string explain_reorder_example(const Example& example, const TaskOptions&) {
  return explain_reorder(example, adapted_type_order);
}

constexpr BaseTask reorder_pretraining[] = {BaseTask::reorder};

}  // namespace

constinit const Task tasks::reorder{.name = "reorder",
                                    .info = reorder_info,
                                    .draw = draw_reorder,
                                    .explain = explain_reorder_example,
                                    .pretraining = reorder_pretraining};

}  // namespace data
