#include "nn/optimizer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <map>

#include "tests/nn/small_decoder.h"

namespace optimizer_test {

using nn::AdamW;
using nn::Parameter;
using nn::Scalar;
using nn::Schedule;
using nn::Sgd;
using nn::Tensor;

namespace {

/// Fifty updates of values around 1 lose at most a few roundings each.
const double tolerance = 200 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

Parameter parameter(const std::string& name, Scalar value) {
  return {name, Tensor({1}, {value}), Tensor({1}, {0}), true};
}

/// The gradient of a run's step, the same for every optimizer: changes sign and size.
double gradient(int step) { return std::cos(0.7 * step) + 0.3; }

/// The parameter after 50 steps from 1.
double after_50(nn::Optimizer& optimizer, Parameter& p, double lr) {
  for (int step = 0; step < 50; ++step) {
    p.grad.m.setConstant(static_cast<Scalar>(gradient(step)));
    optimizer.step(lr);
  }
  return static_cast<double>(p.value.item());
}

}  // namespace

TEST_CASE("SGD follows its recursion, with momentum and decoupled decay") {
  for (const double momentum : {0.0, 0.9}) {
    for (const double decay : {0.0, 0.1}) {
      double x = 1, velocity = 0;
      for (int step = 0; step < 50; ++step) {
        velocity = momentum * velocity + gradient(step);
        x -= 0.01 * velocity + 0.01 * decay * x;
      }
      Parameter p = parameter("p", 1);
      Sgd sgd({{{&p}, decay}}, momentum);
      CHECK(std::abs(after_50(sgd, p, 0.01) - x) < tolerance);
    }
  }
}

TEST_CASE("AdamW follows its recursion and is not Adam with an L2 penalty") {
  const double lr = 0.05, decay = 0.2, b1 = 0.8, b2 = 0.95, eps = 1e-3;
  double decoupled = 1, penalised = 1, m = 0, v = 0, m2 = 0, v2 = 0;
  for (int step = 0; step < 50; ++step) {
    const double c1 = 1 - std::pow(b1, step + 1), c2 = 1 - std::pow(b2, step + 1);
    const double g = gradient(step), g2 = g + decay * penalised;
    m = b1 * m + (1 - b1) * g, v = b2 * v + (1 - b2) * g * g;
    m2 = b1 * m2 + (1 - b1) * g2, v2 = b2 * v2 + (1 - b2) * g2 * g2;
    decoupled -= lr * decay * decoupled + lr * (m / c1) / (std::sqrt(v / c2) + eps);
    penalised -= lr * (m2 / c1) / (std::sqrt(v2 / c2) + eps);
  }
  Parameter p = parameter("p", 1);
  AdamW adam({{{&p}, decay}}, {b1, b2, eps});
  const double x = after_50(adam, p, lr);
  CHECK(std::abs(x - decoupled) < tolerance);
  CHECK(std::abs(x - penalised) > 0.004);
}

TEST_CASE("the first step of Adam has the size of the learning rate, whatever the gradient's") {
  for (const Scalar g : {Scalar(-1e-3), Scalar(1e3)}) {
    Parameter p = parameter("p", 0);
    p.grad.m.setConstant(g);
    AdamW adam({{{&p}}});
    adam.step(0.01);
    CHECK(std::abs(static_cast<double>(p.value.item()) + std::copysign(0.01, g)) < 1e-6);
  }
}

// 1 - β2 is small: taken from a β2 that is rounded already, it would be 5e-5 off in float.
TEST_CASE("what Adam takes of a new gradient is rounded once") {
  Parameter p = parameter("p", 0);
  p.grad.m.setOnes();
  AdamW adam({{{&p}}});
  adam.step(0.01);
  std::vector<double> state;
  adam.visit_state([&](const std::string&, Tensor& t) { state.push_back(double(t.item())); });
  const double epsilon = static_cast<double>(std::numeric_limits<Scalar>::epsilon());
  CHECK(std::abs(state.at(0) / (1 - 0.9) - 1) < epsilon);
  CHECK(std::abs(state.at(1) / (1 - 0.999) - 1) < epsilon);
}

TEST_CASE("groups have a decay and a factor of the learning rate of their own") {
  Parameter plain = parameter("plain", 1), fast = parameter("fast", 1), decayed = parameter("d", 1);
  Sgd sgd({{{&plain}}, {{&fast}, 0, 16}, {{&decayed}, 0.5, 2}});
  for (Parameter* p : sgd.parameters()) p->grad.m.setConstant(1);
  sgd.step(0.0625);
  CHECK(plain.value.item() == 1 - 0.0625);
  CHECK(fast.value.item() == 0);
  CHECK(decayed.value.item() == 1 - 0.125 * 0.5 - 0.125);
}

TEST_CASE("state is held for what trains, from the start on, and not for what is frozen") {
  Parameter trained{"trained", Tensor({3, 4}), Tensor({3, 4}), true};
  Parameter frozen{"frozen", Tensor({5, 6}), Tensor(), false};
  frozen.value.m.setConstant(2);
  AdamW adam({{{&trained, &frozen}, 0.1}});
  Sgd plain({{{&trained, &frozen}}}), heavy({{{&trained, &frozen}}}, 0.9);
  CHECK(adam.parameters() == std::vector<Parameter*>{&trained});
  const auto one = static_cast<nn::Index>(12 * sizeof(Scalar));
  for (int step = 0; step < 3; ++step) {
    CHECK(adam.bytes() == 2 * one);
    CHECK(plain.bytes() == 0);
    CHECK(heavy.bytes() == one);
    for (nn::Optimizer* optimizer : std::initializer_list<nn::Optimizer*>{&adam, &plain, &heavy})
      optimizer->step(0.1);
  }
  CHECK(frozen.grad.empty());
  CHECK((frozen.value.m.array() == 2).all());
}

TEST_CASE("an optimizer with nothing to do, or with too much, is an error") {
  Parameter p = parameter("blocks.0.attn.q.lora_A", 1), frozen = parameter("frozen", 1);
  frozen.trainable = false;
  CHECK(message_of<std::invalid_argument>([&] { Sgd({}); }) ==
        "the optimizer was given nothing to train");
  CHECK(message_of<std::invalid_argument>([&] { Sgd({{{&frozen}}}); }) ==
        "the optimizer was given nothing to train");
  CHECK(message_of<std::invalid_argument>([&] {
          Sgd({{{&p}}, {{&p}}});
        }) == "the optimizer was given blocks.0.attn.q.lora_A twice");
  p.grad = Tensor();
  Sgd sgd({{{&p}}});
  CHECK(message_of<std::logic_error>([&] { sgd.step(1); }) ==
        "blocks.0.attn.q.lora_A is to be trained but has no gradient");
}

TEST_CASE("a parameter without a gradient stops the step before any other has moved") {
  Parameter first = parameter("first", 1), second = parameter("second", 1);
  first.grad.m.setOnes();
  second.grad = Tensor();
  Sgd sgd({{{&first, &second}}});
  CHECK_THROWS_AS(sgd.step(1), std::logic_error);
  CHECK(first.value.item() == 1);
}

TEST_CASE("state that does not fit is refused, and the optimizer goes on as before") {
  Parameter p{"p", Tensor({2, 3}), Tensor({2, 3}), true};
  p.grad.m.setOnes();
  AdamW adam({{{&p}}});
  adam.step(0.1);
  std::vector<nn::Matrix> before, after;
  adam.visit_state([&](const std::string&, Tensor& t) { before.push_back(t.m); });
  const auto restore = [&](nn::Shape second) {
    adam.restore(7, [&](const std::string& name) {
      return Tensor(name == "p.state0" ? nn::Shape{2, 3} : second);
    });
  };
  CHECK(message_of<autograd::ShapeError>([&] {
          restore({3, 2});
        }) == "p.state1 is (3,2) and the parameter (2,3)");
  CHECK_THROWS_AS(adam.restore(7, [](const std::string&) -> Tensor { throw std::range_error(""); }),
                  std::range_error);
  const auto fits = [](const std::string&) { return Tensor(nn::Shape{2, 3}); };
  CHECK(message_of<std::invalid_argument>([&] { adam.restore(-1, fits); }) ==
        "an optimizer goes on after at least 0 steps, not -1");
  adam.visit_state([&](const std::string&, Tensor& t) { after.push_back(t.m); });
  CHECK(before == after);
  CHECK(before.at(0)(0, 0) != 0);
  restore({2, 3});
  adam.visit_state([&](const std::string&, Tensor& t) { CHECK(t.m.isZero(0)); });
}

TEST_CASE("what was saved goes on to the same bits, also from before the first step") {
  const auto parameter_of_three = [] {
    return Parameter{"p", Tensor({3}, {1, 2, 3}), Tensor({3}, {0, 0, 0}), true};
  };
  const auto steps = [](nn::Optimizer& optimizer, Parameter& p, int from, int to) {
    for (int step = from; step < to; ++step) {
      p.grad.m.setConstant(static_cast<Scalar>(gradient(step)));
      optimizer.step(0.1);
    }
  };
  const auto check = [&](auto make, int saved_after) {
    Parameter p = parameter_of_three();
    auto optimizer = make(p);
    steps(optimizer, p, 0, saved_after);
    std::map<std::string, Tensor> file{{"p", p.value}};
    optimizer.visit_state([&](const std::string& name, Tensor& t) { file.emplace(name, t); });
    steps(optimizer, p, saved_after, saved_after + 5);

    Parameter resumed = parameter_of_three();
    auto other = make(resumed);
    steps(other, resumed, 7, 9);  // what it has of its own is overwritten
    resumed.value = file.at("p");
    other.restore(saved_after, [&](const std::string& name) { return file.at(name); });
    steps(other, resumed, saved_after, saved_after + 5);
    CHECK(same_bits(resumed.value.m, p.value.m));
  };
  for (const int saved_after : {0, 1, 4}) {
    check([](Parameter& p) { return AdamW({{{&p}, 0.1}}); }, saved_after);
    check([](Parameter& p) { return Sgd({{{&p}, 0.1}}, 0.9); }, saved_after);
    check([](Parameter& p) { return Sgd({{{&p}}}); }, saved_after);
  }
}

// Frozen in one of both ways after three steps, for four, and then trained again: as if those four
// steps had not been.
TEST_CASE("what is frozen in mid-training stands still, and later goes on from there") {
  struct Pair final : nn::Module {
    Parameter w = parameter("w", 1), v = parameter("v", 1);
    void visit(const std::string&, const Visitor& fn) override { fn("w", w), fn("v", v); }
  };
  struct Half final : nn::Module {
    explicit Half(Parameter& parameter) : p(parameter) {}
    void visit(const std::string&, const Visitor& fn) override { fn("w", p); }
    Parameter& p;
  };
  const auto run = [](auto make, bool by_field, bool freezes) {
    Pair model;
    auto optimizer = make(model);
    Half half(model.w);
    const auto steps = [&](int from, int to, bool w_trains) {
      for (int step = from; step < to; ++step) {
        const auto g = static_cast<Scalar>(gradient(step));
        if (w_trains) model.w.grad = Tensor({1}, {g});
        model.v.grad = Tensor({1}, {g});
        CHECK(std::abs(nn::clip_gradients(optimizer.parameters(), 100) -
                       std::abs(double(g)) * std::sqrt(w_trains ? 2 : 1)) < 1e-6);
        optimizer.step(0.1);
      }
    };
    steps(0, 3, true);
    if (freezes) {
      const Scalar before = model.w.value.item();
      if (by_field)
        model.w.trainable = false;
      else
        nn::set_trainable(half, false);
      CHECK(optimizer.parameters() == std::vector<Parameter*>{&model.v});
      steps(3, 7, false);
      CHECK(model.w.value.item() == before);
      model.w.trainable = true;
      CHECK(optimizer.parameters().size() == 2);
    }
    steps(7, 10, true);
    return model.w.value.item();
  };
  const auto adam = [](Pair& m) { return AdamW({{nn::parameters(m), 0.1}}); };
  const auto heavy = [](Pair& m) { return Sgd({{nn::parameters(m), 0.1}}, 0.9); };
  for (const bool by_field : {true, false}) {
    CHECK(run(adam, by_field, true) == run(adam, by_field, false));
    CHECK(run(heavy, by_field, true) == run(heavy, by_field, false));
  }
}

TEST_CASE("a frozen parameter's old gradient is neither counted nor scaled by clipping") {
  Parameter a = parameter("a", 0), b = parameter("b", 0);
  a.grad.m.setConstant(std::numeric_limits<Scalar>::quiet_NaN());
  b.grad.m.setConstant(4);
  a.trainable = false;
  CHECK(nn::clip_gradients({&a, &b}, 2) == 4);
  CHECK(b.grad.item() == 2);
}

TEST_CASE("no gradient is an error in every step, not only in the first") {
  Parameter w = parameter("w", 1), u = parameter("u", 2);
  w.grad = u.grad = Tensor();
  AdamW adam({{{&w, &u}, 0.1}});
  nn::Tape tape;
  const auto step = [&](bool with_u) {
    tape.clear();
    const nn::Var x = tape.parameter(w);
    nn::Var y = autograd::multiply(x, x);
    if (with_u) y = autograd::add(y, tape.parameter(u));
    adam.zero_grad();
    tape.backward(y);
    adam.step(0.1);
  };
  step(true);
  const Scalar w_before = w.value.item(), u_before = u.value.item();
  CHECK(message_of<std::logic_error>([&] { step(false); }) ==
        "u is to be trained but has no gradient");
  CHECK(w.value.item() == w_before);
  CHECK(u.value.item() == u_before);
  step(true);
  CHECK(u.value.item() < u_before);
}

TEST_CASE("schedules have the right corners") {
  using Decay = Schedule::Decay;
  const Schedule linear{2.0, 4, 12, Decay::linear};
  CHECK(linear.lr(0) == 0.5);
  CHECK(linear.lr(3) == 2.0);
  CHECK(linear.lr(4) == 2.0);
  CHECK(linear.lr(8) == 1.0);
  CHECK(linear.lr(11) == 0.25);
  CHECK(linear.lr(12) == 0.0);
  CHECK_THROWS_WITH_AS(linear.lr(13), "step 13 of a schedule of 12", std::invalid_argument);
  CHECK_THROWS_AS(linear.lr(-1), std::invalid_argument);
  const Schedule cosine{2.0, 4, 12, Decay::cosine};
  CHECK(cosine.lr(3) == 2.0);
  CHECK(cosine.lr(4) == 2.0);
  CHECK(std::abs(cosine.lr(8) - 1) < 1e-15);
  CHECK(std::abs(cosine.lr(6) - (1 + std::sqrt(0.5))) < 1e-15);
  CHECK(std::abs(cosine.lr(12)) < 1e-15);
  const Schedule constant{2.0, 4, 12, Decay::constant};
  CHECK(constant.lr(1) == 1.0);
  CHECK(constant.lr(11) == 2.0);
  CHECK(Schedule{2.0, 0, 1, Decay::linear}.lr(0) == 2.0);
  CHECK(Schedule{2.0, 4, 4, Decay::cosine}.lr(3) == 2.0);
}

TEST_CASE("clipping scales all gradients together, and only when their norm is too large") {
  Parameter a = parameter("a", 0), b = parameter("b", 0);
  const auto set = [&] { a.grad.m.setConstant(3), b.grad.m.setConstant(-4); };
  set();
  CHECK(nn::clip_gradients({&a, &b}, 5) == 5);
  CHECK(a.grad.item() == 3);
  CHECK(nn::clip_gradients({&a, &b}, 2.5) == 5);
  CHECK(a.grad.item() == 1.5);
  CHECK(b.grad.item() == -2);
  set();
  a.grad = Tensor();  // nothing flowed back to it
  CHECK(nn::clip_gradients({&a, &b}, 100) == 4);
}

TEST_CASE("a gradient that is not finite is named before any other is scaled") {
  Parameter a = parameter("a", 0), b = parameter("blocks.1.ln1.bias", 0);
  for (const Scalar bad :
       {std::numeric_limits<Scalar>::quiet_NaN(), -std::numeric_limits<Scalar>::infinity()}) {
    a.grad.m.setConstant(3), b.grad.m.setConstant(bad);
    CHECK(message_of<nn::NonFiniteGradient>([&] {
            nn::clip_gradients({&a, &b}, 1);
          }) == "the gradient of blocks.1.ln1.bias is not finite");
    CHECK(a.grad.item() == 3);
  }
}

TEST_CASE("a gradient that is finite is not called anything else because its square is not") {
  Parameter a = parameter("a", 0);
  a.grad.m.setConstant(Scalar(1e30));
  CHECK(std::abs(nn::clip_gradients({&a}, 1) / 1e30 - 1) < 1e-6);
  CHECK(std::abs(a.grad.item() - 1) < 1e-6);
}

TEST_CASE("options that would divide by zero, ascend or flip gradients are refused") {
  Parameter p{"p", Tensor({1}), {}, true};
  const auto adam = [&](AdamW::Options o) {
    return message_of<std::invalid_argument>([&] { AdamW({{{&p}}}, o); });
  };
  CHECK(adam({}) == "");
  for (const double beta : {1.0, -0.1, not_a_number}) {
    CHECK(adam({.beta1 = beta}).starts_with("AdamW wants betas in [0, 1), not "));
    CHECK(adam({.beta2 = beta}).starts_with("AdamW wants betas in [0, 1), not "));
  }
  CHECK(adam({.epsilon = 0}) ==
        "AdamW wants an epsilon above 0, finite and not rounded to 0, not 0");
  for (const double epsilon : {-1e-8, not_a_number, infinity, 1e-323})
    CHECK(adam({.epsilon = epsilon}).starts_with("AdamW wants an epsilon above 0"));
  for (const double momentum : {1.0, -0.1, not_a_number})
    CHECK_THROWS_AS(Sgd({{{&p}}}, momentum), std::invalid_argument);
  for (const double norm : {0.0, -1.0, not_a_number})
    CHECK_THROWS_AS(nn::clip_gradients({&p}, norm), std::invalid_argument);
}

TEST_CASE("what a group, a step or a schedule must not be is refused before anything moves") {
  Parameter p = parameter("p", 1);
  p.grad.m.setOnes();
  const auto group = [&](double decay, double factor) {
    return message_of<std::invalid_argument>([&] { Sgd({{{&p}, decay, factor}}); });
  };
  CHECK(group(0, 0) == "");
  CHECK(group(-0.1, 1) == "a weight decay is finite and at least 0, not -0.1");
  CHECK(group(0, -1) == "a factor of the learning rate is finite and at least 0, not -1");
  for (const double bad : {not_a_number, infinity}) {
    CHECK(group(bad, 1) != "");
    CHECK(group(0, bad) != "");
  }
  Sgd sgd({{{&p}}});
  for (const double lr : {-0.1, not_a_number, infinity})
    CHECK(message_of<std::invalid_argument>([&] {
            sgd.step(lr);
          }).starts_with("a learning rate is finite and at least 0, not "));
  CHECK(p.value.item() == 1);
  for (const double peak : {-0.1, not_a_number, infinity})
    CHECK_THROWS_AS((Schedule{peak, 0, 10}.lr(0)), std::invalid_argument);
  CHECK(message_of<std::invalid_argument>([] {
          Schedule{1, -2, 10}.lr(0);
        }) == "a schedule's warm-up is at least 0 steps, not -2");
}

}  // namespace optimizer_test
