#include "data/explain.h"
#include "data/nli.h"
#include "data/tasks.h"

namespace data {
namespace {

TaskInfo nli_info(const TaskOptions&) {
  TaskInfo t;
  t.needs = "switch";
  t.question =
      "Given a premise (quantifier, noun, verb), must a hypothesis be true (yes), can it not be "
      "(no_), or neither (maybe)? Nouns and verbs name sets: n4-n7 are kinds of g1, w2 and w3 "
      "kinds of W1, and otherwise different words exclude each other.";
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

Example draw_nli(autograd::Random& stream, const TaskOptions&, Split split) {
  return nli_example(stream, Prefix::adapted, split);
}

std::string explain_nli_example(const Example& example, const TaskOptions&) {
  return explain_nli(example);
}

constexpr BaseTask nli_pretraining[] = {BaseTask::nli, BaseTask::nli_unreliable, BaseTask::isa};

}  // namespace

constinit const Task tasks::nli{.name = "nli",
                                .info = nli_info,
                                .draw = draw_nli,
                                .explain = explain_nli_example,
                                .pretraining = nli_pretraining};

}  // namespace data
