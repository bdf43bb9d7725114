#include "lora/methods/prompt_encoder.h"

#include <cmath>

#include "tests/lora/all_methods.h"

namespace prompt_encoder_test {

using nn::Index;
using nn::Matrix;

namespace {

double at(const nn::Parameter& p, Index i, Index j) { return static_cast<double>(p.value.m(i, j)); }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The recurrence of prompt_encoder.cpp in loops, x (P,in) -> (P,h).
Matrix by_loops(const lora::Lstm& lstm, const Matrix& x) {
  const Index h = lstm.h(), P = x.rows();
  std::vector<double> state(static_cast<std::size_t>(h)), cell = state;
  Matrix states(P, h);
  for (Index step = 0; step < P; ++step) {
    const Index t = lstm.backwards ? P - 1 - step : step;
    const std::vector<double> old = state;
    for (Index k = 0; k < h; ++k) {
      double a[4];
      for (Index gate = 0; gate < 4; ++gate) {
        const Index row = gate * h + k;
        double sum = at(lstm.input.bias, 0, row);
        for (Index i = 0; i < x.cols(); ++i)
          sum += at(lstm.input.weight, row, i) * static_cast<double>(x(t, i));
        for (Index i = 0; i < h; ++i)
          sum += at(lstm.recurrent, row, i) * old[static_cast<std::size_t>(i)];
        a[gate] = sum;
      }
      double& c = cell[static_cast<std::size_t>(k)];
      c = sigmoid(a[1]) * c + sigmoid(a[0]) * std::tanh(a[2]);
      state[static_cast<std::size_t>(k)] = sigmoid(a[3]) * std::tanh(c);
      states(t, k) = static_cast<nn::Scalar>(state[static_cast<std::size_t>(k)]);
    }
  }
  return states;
}

Matrix values(lora::Lstm& lstm, const Matrix& x) {
  nn::Tensor input({x.rows(), x.cols()});
  input.m = x;
  nn::Tape tape(autograd::TapeMode::values);
  return lstm.forward({tape}, tape.constant(input)).value().m;
}

Matrix rows_of(nn::Decoder& model) {
  nn::Tape tape(autograd::TapeMode::values);
  return model.prefix->rows({tape}, 0)->value().m;
}

}  // namespace

TEST_CASE("an LSTM is the recurrence above it, in either direction") {
  const Matrix x = nn::Random(3, "x").normal({5, 3}, 1).m;
  for (const bool backwards : {false, true}) {
    lora::Lstm lstm(3, 2, backwards, 1, "lstm");
    nn::name_parameters(lstm);
    perturb_trained(lstm, 0.5);
    const Matrix y = values(lstm, x);
    CHECK((y - by_loops(lstm, x)).cwiseAbs().maxCoeff() < 1e-6f);
    // What comes later in its direction does not reach what is earlier.
    Matrix changed = x;
    changed.row(2).setOnes();
    const Matrix after = values(lstm, changed);
    const Index unread = backwards ? 3 : 0;
    CHECK(same_bits(y.middleRows(unread, 2), after.middleRows(unread, 2)));
    for (const Index t : {2, backwards ? 0 : 4}) CHECK_FALSE(same_bits(y.row(t), after.row(t)));
  }
}

TEST_CASE("every row of a prompt depends on every trained input") {
  nn::Decoder model = wrapped({"prompt-encoder", 3});
  auto& encoder = dynamic_cast<lora::PromptEncoder&>(*model.prefix);
  const Matrix before = rows_of(model);
  CHECK(before.rows() == 3);
  for (Index changed = 0; changed < 3; ++changed) {
    encoder.inputs.value.m.row(changed) *= -1;
    const Matrix after = rows_of(model);
    for (Index row = 0; row < 3; ++row) CHECK_FALSE(same_bits(before.row(row), after.row(row)));
    encoder.inputs.value.m.row(changed) *= -1;
  }
}

TEST_CASE("a prompt of one row trains too, but for what only passes from row to row") {
  nn::Decoder model = wrapped({"prompt-encoder", 1});
  nn::Tape tape;
  tape.backward(token_loss({tape}, model, small_batch()));
  for (const nn::Parameter* p : nn::trainable_parameters(model))
    CHECK_MESSAGE(p->grad.m.isZero(0) == p->name.ends_with(".hidden.weight"), p->name);
}

}  // namespace prompt_encoder_test
