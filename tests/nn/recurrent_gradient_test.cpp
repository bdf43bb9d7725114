#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "lora/inject.h"
#include "nn/loss.h"
#include "nn/recurrent/recurrent_lm.h"

namespace recurrent_gradient_test {

// Linked with the libraries in double: two layers over rows of different lengths, from a given
// state.

using nn::Parameter;
using nn::RecurrentKind;
using nn::Tape;
using nn::Var;

namespace {

struct Case {
  nn::Recurrent model;
  Parameter x{"x", nn::Random(1, "x").normal({3, 4, 3}, 1), {}, true};
  std::vector<Parameter> starts;  // h of both layers, then c of an LSTM

  explicit Case(RecurrentKind kind) : model({kind, 3, 2, 2}, 1) {
    for (int i = 0; i < (kind == RecurrentKind::lstm ? 4 : 2); ++i) {
      const std::string name = "start " + std::to_string(i);
      starts.push_back({name, nn::Random(1, name).normal({3, 2}, 1), {}, true});
    }
  }

  std::vector<Parameter*> leaves() {
    std::vector<Parameter*> all = nn::parameters(model);
    all.push_back(&x);
    for (Parameter& start : starts) all.push_back(&start);
    return all;
  }

  /// Everything that comes out, one under the other. `cut`: from a copy of the start.
  Var outputs(Tape& tape, bool cut) {
    nn::RecurrentState initial;
    for (std::size_t i = 0; i < starts.size(); ++i)
      (i < 2 ? initial.h : initial.c)
          .push_back(cut ? tape.constant(starts[i].value) : tape.parameter(starts[i]));
    const std::vector<int> lengths{2, 4, 1};
    const nn::RecurrentOutput out = model.forward({tape}, tape.parameter(x), lengths, initial);
    std::vector<Var> all{autograd::reshape(out.y, {12, 2})};
    all.insert(all.end(), out.state.h.begin(), out.state.h.end());
    all.insert(all.end(), out.state.c.begin(), out.state.c.end());
    return autograd::concat_rows(all);
  }

  autograd::GradcheckResult check(bool cut) {
    return autograd::gradcheck([&](Tape& tape) { return outputs(tape, cut); }, leaves());
  }
};

}  // namespace

TEST_CASE("an LSTM and a GRU of two layers, in all weights, the input and the start") {
  for (const RecurrentKind kind : {RecurrentKind::lstm, RecurrentKind::gru}) {
    Case c(kind);
    CHECK(c.leaves().size() == (kind == RecurrentKind::lstm ? 13 : 11));
    const autograd::GradcheckResult result = c.check(/*cut=*/false);
    CHECK_MESSAGE(result.ok, result.message);
    for (const Parameter* p : c.leaves()) CHECK_FALSE(p->grad.m.isZero(0));
    for (const nn::Index padded : {2, 3, 9, 10, 11}) CHECK(c.x.grad.m.row(padded).isZero(0));
  }
}

TEST_CASE("control: a network that is cut off its start does not pass") {
  for (const RecurrentKind kind : {RecurrentKind::lstm, RecurrentKind::gru})
    CHECK_FALSE(Case(kind).check(/*cut=*/true).ok);
}

// The loss of a language model of two layers, in every parameter of it and of LoRA on its slots.
// `cut`: with a term of the head that has no gradient, as a wrong backward would leave it out.
static autograd::GradcheckResult check_lm(RecurrentKind kind, bool cut) {
  nn::RecurrentLm model({kind, 5, 3, 2, 2}, 1);
  lora::LoraConfig config;
  config.targets = {"ih_l0", "hh_l0", "ih_l1", "hh_l1"};
  config.spec.rank = 1;
  for (lora::LoraLinear* layer : lora::inject(model, config, 2))
    layer->B.value = nn::Random(3, layer->B.name).normal(layer->B.value.shape, 1);
  nn::set_trainable(model, true);
  const nn::TokenBatch batch{2, 3, {0, 1, 2, 3, 4, 0}, {1, 2, 3, 4, 0, 1}, {1, 1, 1, 0, 1, 1}};
  return autograd::gradcheck(
      [&](Tape& tape) {
        const Var loss = nn::token_loss({tape}, model, batch);
        if (!cut) return loss;
        const Var cut_off = tape.constant(model.head.value);  // moves the loss, and has no gradient
        return loss + autograd::sum(autograd::multiply(cut_off, cut_off));
      },
      nn::parameters(model));
}

TEST_CASE("the loss of a recurrent language model, in its weights and in LoRA's") {
  for (const RecurrentKind kind : {RecurrentKind::lstm, RecurrentKind::gru}) {
    const autograd::GradcheckResult result = check_lm(kind, /*cut=*/false);
    CHECK_MESSAGE(result.ok, result.message);
    CHECK_FALSE(check_lm(kind, /*cut=*/true).ok);
  }
}

}  // namespace recurrent_gradient_test
