#include "autograd/check_finite.h"

#include <doctest/doctest.h>

#include <limits>

#include "autograd/ops.h"

namespace check_finite_test {

using namespace autograd;

namespace {

const Scalar inf = std::numeric_limits<Scalar>::infinity();
const Scalar not_a_number = std::numeric_limits<Scalar>::quiet_NaN();

Parameter parameter(const char* name, std::initializer_list<Scalar> values) {
  return {name, Tensor(Shape{1, static_cast<Index>(values.size())}, values), {}, true};
}

}  // namespace

TEST_CASE("a clean step passes, before and after backward") {
  for (const TapeMode mode : {TapeMode::everything, TapeMode::training, TapeMode::values}) {
    Parameter x = parameter("x", {1, 2, 3});
    Tape tape(mode);
    const Var loss = sum(log(tape.parameter(x)));
    CHECK_NOTHROW(check_finite(tape));
    if (mode == TapeMode::values) continue;
    tape.backward(loss);
    CHECK_NOTHROW(check_finite(tape));
  }
  CHECK_NOTHROW(check_finite(Tape()));
}

TEST_CASE("the first value that is not finite is named, not those that follow from it") {
  Parameter x = parameter("x", {1, 0, -2});
  Tape tape;
  const Var v = tape.parameter(x);
  const Var y = log(v);  // 0, -inf, nan
  sum(exp(scale(y, 2)));
  CHECK_THROWS_WITH_AS(
      check_finite(tape),
      "the value of node 1 (log) (1,3) has -inf at (0,1), from node 0 (parameter x) (1,3)",
      NonFiniteError);
  tape.clear();
  const Var a = tape.constant(Tensor(Shape{1}, {3e38f}));
  add(a, a);
  CHECK_THROWS_WITH_AS(check_finite(tape),
                       "the value of node 1 (add) (1) has inf at (0,0), from node 0 (constant) "
                       "(1), node 0 (constant) (1)",
                       NonFiniteError);
}

TEST_CASE("a parameter or a constant that is not finite is named itself") {
  Parameter x = parameter("x", {1, 2}), w = parameter("blocks.0.w", {1, not_a_number});
  Tape tape;
  const Var y = scale(tape.parameter(x), 2);
  add(y, tape.parameter(w));
  CHECK_THROWS_WITH_AS(check_finite(tape),
                       "the value of node 2 (parameter blocks.0.w) (1,2) has nan at (0,1)",
                       NonFiniteError);
  tape.clear();
  scale(tape.constant(Tensor(Shape{2}, {inf, 0})), 0);
  CHECK_THROWS_WITH_AS(check_finite(tape), "the value of node 0 (constant) (2) has inf at (0,0)",
                       NonFiniteError);
}

TEST_CASE("a backward that makes an infinity is named though every value is finite") {
  Parameter x = parameter("x", {1, 0, 4});
  Tape tape;
  const Var v = tape.parameter(x);
  const Var root = sqrt(v);
  // Another user of x, recorded later: its backward runs first, and is innocent.
  tape.backward(sum(add(root, scale(v, 3))));
  CHECK_THROWS_WITH_AS(check_finite(tape),
                       "the backward of node 1 (sqrt) sends its input node 0 (parameter x) (1,3) "
                       "inf at (0,1), from node 0 (parameter x) (1,3)",
                       NonFiniteError);
}

TEST_CASE("in a longer graph the first op in backward order is named") {
  Parameter x = parameter("x", {0, 1});
  Tape tape;
  const Var y = scale(tape.parameter(x), 2);  // 1
  const Var z = multiply(sqrt(y), sqrt(y));   // 2, 3, 4: each sqrt receives 0 and divides it by 0
  tape.backward(sum(tanh(z)));
  CHECK_THROWS_WITH_AS(check_finite(tape),
                       "the backward of node 3 (sqrt) sends its input node 1 (scale) (1,2) nan at "
                       "(0,0), from node 1 (scale) (1,2)",
                       NonFiniteError);
}

TEST_CASE("ops that saved something run again on what they saved") {
  Parameter x = parameter("x", {0, 4, 9});
  Parameter weight = parameter("weight", {1, 1, 1}), bias = parameter("bias", {1, 2, 3});
  Tape tape;
  const Var root = sqrt(tape.parameter(x));
  const Var y = layernorm(root, tape.parameter(weight), tape.parameter(bias));
  tape.backward(y, Tensor(Shape{1, 3}, {1, 0, 0}));
  CHECK_THROWS_WITH_AS(check_finite(tape),
                       "the backward of node 1 (sqrt) sends its input node 0 (parameter x) (1,3) "
                       "inf at (0,0), from node 0 (parameter x) (1,3)",
                       NonFiniteError);
}

TEST_CASE("a gradient that no op spoiled is reported as that") {
  Parameter x = parameter("x", {1, 2});
  const char* reason =
      ", and no op that can still be asked made it: it was in the cotangent, or in the parameter "
      "before, or a sum overflowed, or memory was released (TapeMode::training)";
  {
    Tape tape;
    tape.backward(tape.parameter(x), Tensor(Shape{1, 2}, {1, not_a_number}));
    CHECK_THROWS_WITH_AS(
        check_finite(tape),
        (std::string("the gradient of node 0 (parameter x) (1,2) has nan at (0,1)") + reason)
            .c_str(),
        NonFiniteError);
  }
  x.value.m(0, 0) = 0;
  x.grad = Tensor();
  Tape tape(TapeMode::training);
  tape.backward(sum(scale(sqrt(tape.parameter(x)), 2)));
  CHECK_THROWS_WITH_AS(
      check_finite(tape),
      (std::string("the gradient of node 0 (parameter x) (1,2) has inf at (0,0)") + reason).c_str(),
      NonFiniteError);
}

}  // namespace check_finite_test
