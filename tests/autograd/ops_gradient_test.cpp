#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <regex>
#include <set>

#include "op_cases.h"

namespace ops_gradient_test {

// Every operation of autograd/ops.h and ops_models.h, from one table: values against plain loops, gradients against
// difference quotients, and what a frozen input must not change.

using namespace autograd;
using op_cases::OpCase;
using op_cases::Shapes;
using op_cases::Tensors;

namespace {

std::vector<Parameter> leaves(const Tensors& values) {
  std::vector<Parameter> parameters;
  for (std::size_t i = 0; i < values.size(); ++i)
    parameters.push_back({fmt::format("input {}", i), values[i], {}, true});
  return parameters;
}

// One step that leaves its gradients in the parameters. Between scales by 1, which change nothing,
// the operation is an inner node of the tape, so that TapeMode::training releases its memory, and
// before the backward whatever the operation does not save.
void step(const OpCase& op_case, std::vector<Parameter>& parameters,
          TapeMode mode = TapeMode::everything) {
  Tape tape(mode, Fresh::nan);
  std::vector<Var> inputs;
  for (Parameter& p : parameters) inputs.push_back(scale(tape.parameter(p), 1));
  const Var y = scale(op_case.function(tape, inputs), 1);
  tape.release_unsaved(0, y);
  tape.backward(y, Random(9, "cotangent").normal(y.shape(), 1));
}

// Calls check(op_case, shapes) for every example of the table in which something has a gradient.
template <class Check>
void for_each_example(const Check& check) {
  for (const OpCase& op_case : op_cases::all())
    for (const Shapes& shapes : op_case.shapes) {
      CAPTURE(op_cases::title(op_case, shapes));
      check(op_case, shapes);
    }
}

}  // namespace

TEST_CASE("the table holds every operation that ops.h and ops_models.h declare, and no other") {
  std::set<std::string> declared, tested;
  const std::regex declaration(R"(^Var (\w+)\()");
  std::smatch match;
  for (const char* file : {"/autograd/ops.h", "/autograd/ops_models.h"}) {
    std::ifstream header(std::string(LOWRANK_SOURCE_DIR) + file);
    REQUIRE(header.good());
    for (std::string line; std::getline(header, line);)
      if (std::regex_search(line, match, declaration)) declared.insert(match[1]);
  }
  for (const OpCase& op_case : op_cases::all()) tested.insert(op_case.op);
  CHECK(declared.size() > 30);
  CHECK(tested == declared);
}

TEST_CASE("values equal those of plain loops") {
  const auto check = [](const OpCase& op_case, const Shapes& shapes) {
    CAPTURE(op_cases::title(op_case, shapes));
    const Tensors inputs = op_cases::draw(op_case, shapes);
    Tape tape(TapeMode::values, Fresh::nan);
    std::vector<Var> vars;
    for (const Tensor& input : inputs) vars.push_back(tape.constant(input));
    const Tensor &y = op_case.function(tape, vars).value(), expected = op_case.reference(inputs);
    REQUIRE(y.shape.str() == expected.shape.str());
    REQUIRE(y.rows() == expected.rows());
    CHECK((y.m - expected.m).cwiseAbs().maxCoeff() < 1e-13);
  };
  for (const OpCase& op_case : op_cases::all()) {
    for (const Shapes& shapes : op_case.shapes) check(op_case, shapes);
    for (const Shapes& shapes : op_case.constant_shapes) check(op_case, shapes);
  }
}

TEST_CASE("gradients equal difference quotients") {
  double worst = 0;
  for_each_example([&](const OpCase& op_case, const Shapes& shapes) {
    const GradcheckResult result = gradcheck(op_case.function, op_cases::draw(op_case, shapes));
    CHECK_MESSAGE(result.ok, result.message);
    worst = std::max(worst, result.error);
  });
  // The tolerance is not what makes the checks pass: there is a factor of a hundred left.
  CHECK(worst < 1e-9);
}

TEST_CASE("where a function is constant the gradient is zero, and the checker says so") {
  int examples = 0;
  for (const OpCase& op_case : op_cases::all())
    for (const Shapes& shapes : op_case.constant_shapes) {
      CAPTURE(op_cases::title(op_case, shapes));
      const GradcheckResult result = gradcheck(op_case.function, op_cases::draw(op_case, shapes));
      CHECK_FALSE(result.ok);
      CHECK(result.message.find("every gradient is zero") != std::string::npos);
      ++examples;
    }
  CHECK(examples > 0);
}

TEST_CASE("a frozen input gets no gradient and changes no other's") {
  for_each_example([](const OpCase& op_case, const Shapes& shapes) {
    const Tensors inputs = op_cases::draw(op_case, shapes);
    std::vector<Parameter> all = leaves(inputs);
    step(op_case, all);
    for (unsigned frozen = 1; frozen < 1u << inputs.size(); ++frozen) {
      CAPTURE(frozen);
      std::vector<Parameter> some = leaves(inputs);
      for (std::size_t i = 0; i < some.size(); ++i) some[i].trainable = !(frozen >> i & 1);
      if (frozen + 1 == 1u << inputs.size()) {
        CHECK_THROWS_AS(step(op_case, some), std::logic_error);
      } else {
        step(op_case, some);
      }
      for (std::size_t i = 0; i < some.size(); ++i) {
        CHECK(some[i].value.m == inputs[i].m);
        if (some[i].trainable) CHECK(some[i].grad.m == all[i].grad.m);
        if (!some[i].trainable) CHECK(some[i].grad.empty());
      }
    }
  });
}

TEST_CASE("a gradient is added to what is there") {
  for_each_example([](const OpCase& op_case, const Shapes& shapes) {
    std::vector<Parameter> once = leaves(op_cases::draw(op_case, shapes)), twice = once;
    // Both uses share one leaf on one tape, so that the operation itself must add.
    const auto used = [&](std::vector<Parameter>& parameters, int times) {
      Tape tape(TapeMode::everything, Fresh::nan);
      std::vector<Var> inputs;
      for (Parameter& p : parameters) inputs.push_back(tape.parameter(p));
      Var y = op_case.function(tape, inputs);
      for (int i = 1; i < times; ++i) y = add(y, op_case.function(tape, inputs));
      tape.backward(y, Random(9, "cotangent").normal(y.shape(), 1));
    };
    used(once, 1);
    used(twice, 3);
    for (std::size_t i = 0; i < once.size(); ++i)
      CHECK((twice[i].grad.m - 3 * once[i].grad.m).cwiseAbs().maxCoeff() < 1e-13);
  });
}

TEST_CASE("a tape that releases memory gives the same gradients, bit for bit") {
  for_each_example([](const OpCase& op_case, const Shapes& shapes) {
    const std::vector<Parameter> all = leaves(op_cases::draw(op_case, shapes));
    for (unsigned frozen = 0; frozen + 1 < 1u << all.size(); ++frozen) {
      CAPTURE(frozen);
      std::vector<Parameter> kept = all;
      for (std::size_t i = 0; i < kept.size(); ++i) kept[i].trainable = !(frozen >> i & 1);
      std::vector<Parameter> released = kept;
      step(op_case, kept, TapeMode::everything);
      step(op_case, released, TapeMode::training);
      for (std::size_t i = 0; i < kept.size(); ++i) CHECK(kept[i].grad.m == released[i].grad.m);
    }
  });
}

}  // namespace ops_gradient_test
