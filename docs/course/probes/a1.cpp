// Calls what assignment a1 asks for, with the inputs of each case. It knows no results. The backward
// of one op is called without the tape's loop, so that each question can be answered before or after
// the others.
#include <memory>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "own/a1_gradient_check.h"
#include "probes/checkables.h"
#include "probes/leaves.h"
#include "probes/protocol.h"

namespace {

using namespace autograd;
using course::Case;
using course::Leaves;

// One op, and its backward alone.
void run_op(const Case& c, const std::vector<std::string>& names,
            const std::function<Var(std::vector<Var>&)>& op) {
  Leaves leaves(c, names, TapeMode::everything);
  if (c.texts.contains("twice")) leaves.vars.push_back(leaves.vars.front());
  const Var y = op(leaves.vars);
  course::backward_of(y, c.tensor("dy"));
  leaves.write_gradients();
}

Over over(const Case& c) {
  return c.text("over") == "all"        ? Over::all
         : c.text("over") == "each_row" ? Over::each_row
                                        : Over::each_column;
}

// The values of a graph of ops that are no question of this assignment. `graph` holds an op and two
// earlier values for each node; the leaves come first.
std::vector<Var> recorded(const std::vector<int>& graph, std::vector<Var> vars) {
  for (std::size_t i = 0; i + 2 < graph.size(); i += 3) {
    const Var a = vars.at(static_cast<std::size_t>(graph[i + 1])),
              b = vars.at(static_cast<std::size_t>(graph[i + 2]));
    switch (graph[i]) {
      case 0:
        vars.push_back(a + b);
        break;
      case 1:
        vars.push_back(a - b);
        break;
      case 2:
        vars.push_back(-a);
        break;
      case 3:
        vars.push_back(1.5 * a);
        break;
      default:
        vars.push_back(a / b);
    }
  }
  return vars;
}

// The tape's loop.
void run_graph(const Case& c) {
  std::vector<std::string> names;
  for (int i = 0; c.has("x" + std::to_string(i)); ++i) names.push_back("x" + std::to_string(i));
  Leaves leaves(c, names, c.text("mode") == "training" ? TapeMode::training : TapeMode::everything);
  const std::vector<int>& graph = c.ints.at("graph");
  const Var output = recorded(graph, leaves.vars).at(static_cast<std::size_t>(c.number("output")));
  if (c.has("u"))
    leaves.tape.backward(output, course::tensor_of(c.tensor("u")));
  else
    leaves.tape.backward(output);
  leaves.write_gradients();
  course::write("y_afterwards", output.value().m);

  // Memory that was not the tape's to give back would be used for what is recorded next.
  leaves.tape.clear();
  std::vector<Var> again;
  for (Parameter& p : leaves.parameters) again.push_back(leaves.tape.parameter(p));
  recorded(graph, again);
  bool kept = true;
  for (const Parameter& p : leaves.parameters)
    kept = kept && course::same_bits(p.value.m, c.tensor(p.name));
  course::write("leaves_are_kept", kept);
}

void run(const Case& c) {
  const std::string& call = c.text("call");
  if (call == "backward") run_graph(c);
  if (call == "multiply") {
    const bool twice = c.texts.contains("twice");
    run_op(c, twice ? std::vector<std::string>{"x"} : std::vector<std::string>{"x", "z"},
           [](std::vector<Var>& in) { return multiply(in[0], in[1]); });
  }
  if (call == "matmul")
    run_op(c, {"a", "b"}, [](std::vector<Var>& in) { return matmul(in[0], in[1]); });
  if (call == "add_row")
    run_op(c, {"x", "row"}, [](std::vector<Var>& in) { return add_row(in[0], in[1]); });
  if (call == "sum") run_op(c, {"x"}, [&](std::vector<Var>& in) { return sum(in[0], over(c)); });
  if (call == "mean") run_op(c, {"x"}, [&](std::vector<Var>& in) { return mean(in[0], over(c)); });
  if (call == "exp") run_op(c, {"x"}, [](std::vector<Var>& in) { return exp(in[0]); });
  if (call == "take_rows")
    run_op(c, {"x"}, [&](std::vector<Var>& in) { return take_rows(in[0], c.ints.at("ids")); });
  if (call == "reshape") {
    const Matrix& dy = c.tensor("dy");
    run_op(c, {"x"}, [&](std::vector<Var>& in) {
      return reshape(in[0], Shape{dy.rows(), dy.cols()});
    });
  }
  if (call == "gradient_is_right") {
    std::vector<Matrix> x;
    for (int i = 0; c.has("x" + std::to_string(i)); ++i)
      x.push_back(c.tensor("x" + std::to_string(i)));
    const bool right = course::gradient_is_right(*course::checkable(c.text("engine")), x);
    course::write("verdict", right ? "right" : "wrong");
  }
}

}  // namespace

int main() { return course::answer(run); }
