// Calls what assignment a2 asks for, with the inputs of each case. It knows no results. The backward
// of one op is called without the tape's loop, and the optimisers without a model.
#include <algorithm>
#include <memory>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "nn/optimizer.h"
#include "probes/leaves.h"
#include "probes/protocol.h"

namespace {

using namespace autograd;
using course::Case;
using course::tensor_of;

double number_or(const Case& c, const std::string& key, double otherwise) {
  return c.numbers.contains(key) ? c.number(key) : otherwise;
}

// ---- ops ----

// One op on leaves. With "behind" x is no leaf but the result of another op, on a tape as training
// uses it: the gradient of x may then lie where x lay.
struct Recorded {
  course::Leaves leaves;
  Var y;

  Recorded(const Case& c, const std::vector<std::string>& names,
           const std::function<Var(const std::vector<Var>&)>& op)
      : leaves(c, names, c.texts.contains("behind") ? TapeMode::training : TapeMode::everything) {
    if (c.texts.contains("behind")) leaves.vars.front() = scale(leaves.vars.front(), 1);
    y = op(leaves.vars);
  }

  const Node& node() const { return leaves.tape.node(y.id); }

  /// Calls the op's backward with the gradient dy of the result, and writes the inputs' gradients.
  /// What forward kept is first replaced by the case's, so that a wrong number there costs nothing.
  void write_gradients(const Case& c) {
    for (std::size_t k = 0; k < node().kept.size(); ++k) {
      const std::string name = "kept" + std::to_string(k);
      if (c.has(name) && node().kept[k]->size() == c.tensor(name).size())
        node().kept[k]->m = c.tensor(name);
    }
    course::backward_of(y, c.tensor("dy"));
    leaves.write_gradients();
  }
};

// What the forward of a layer norm computes and keeps.
void write_layernorm(Recorded& op) {
  course::write("y", op.y.value().m);
  const Node& node = op.node();
  for (std::size_t i = 0; i < 2; ++i)
    course::write(i == 0 ? "mean" : "rstd", i < node.kept.size() ? node.kept[i]->m : Matrix());
  std::string saved;
  for (std::size_t i = 0; i < 2; ++i)
    if (node.saved_inputs.test(i)) saved += i == 0 ? "x" : "w";
  course::write("saved", saved.empty() ? "none" : saved);
}

void run_layernorm(const Case& c) {
  const bool same = c.texts.contains("same");  // one vector is the weight and the bias
  Recorded op(c,
              same ? std::vector<std::string>{"x", "w"} : std::vector<std::string>{"x", "w", "b"},
              [&](const std::vector<Var>& in) {
                return layernorm(in[0], in[1], in.back(), c.number("eps"));
              });
  if (c.has("dy"))
    op.write_gradients(c);
  else
    write_layernorm(op);
}

void run_gelu(const Case& c) {
  const Gelu form = c.text("form") == "erf" ? Gelu::erf : Gelu::tanh;
  Recorded op(c, {"x"}, [&](const std::vector<Var>& in) { return gelu(in[0], form); });
  course::write("y", op.y.value().m);
  op.write_gradients(c);
}

void run_cross_entropy(const Case& c) {
  CrossEntropySpec spec;
  spec.targets = c.ints.at("targets");
  if (c.has("weights"))
    for (const double w : c.tensor("weights").reshaped()) spec.weights.push_back(w);
  spec.ignore_index = static_cast<int>(c.number("ignore"));
  spec.label_smoothing = c.number("smoothing");
  Recorded op(c, {"x"}, [&](const std::vector<Var>& in) { return cross_entropy(in[0], spec); });
  if (c.has("dy")) {
    op.write_gradients(c);
    return;
  }
  course::write("loss", op.y.value().m);
  for (std::size_t k = 0; k < 2; ++k) {  // of the rows that count; the others may hold anything
    Matrix kept = op.node().kept.at(k)->m;
    for (std::size_t i = 0; i < spec.targets.size(); ++i)
      if (spec.targets[i] == spec.ignore_index || (!spec.weights.empty() && spec.weights[i] == 0))
        kept(static_cast<Index>(i), 0) = 0;
    course::write(k == 0 ? "max" : "log_sum", kept);
  }
}

// ---- optimisers ----

// The steps that an optimizer takes with given gradients: "p" with the rows of "p_gradients", and
// with "q" a second parameter, of another group. p is frozen in the steps from..to-1 of "frozen".
void run_optimizer(const Case& c) {
  const bool two = c.has("q");
  std::vector<Parameter> parameters;
  for (const char* name : {"p", "q"})
    if (c.has(name)) parameters.emplace_back(name, tensor_of(c.tensor(name)));
  std::vector<nn::ParameterGroup> groups{
      {{&parameters[0]}, c.number("decay"), number_or(c, "factor", 1)}};
  if (two) groups.push_back({{&parameters[1]}, c.number("q_decay"), 1});

  std::unique_ptr<nn::Optimizer> optimizer;
  if (c.text("call") == "sgd")
    optimizer = std::make_unique<nn::Sgd>(groups, c.number("momentum"));
  else
    optimizer = std::make_unique<nn::AdamW>(
        groups, nn::AdamW::Options{c.number("beta1"), c.number("beta2"), c.number("eps")});

  const Matrix& rates = c.tensor("rates");
  std::vector<Matrix> path(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i)
    path[i].resize(rates.cols(), parameters[i].value.m.cols());
  for (Index step = 0; step < rates.cols(); ++step) {
    const std::vector<int> frozen =
        c.ints.contains("frozen") ? c.ints.at("frozen") : std::vector<int>{0, 0};
    parameters[0].trainable = step < frozen[0] || step >= frozen[1];
    for (Parameter& p : parameters) p.grad = tensor_of(c.tensor(p.name + "_gradients").row(step));
    optimizer->step(rates(0, step));
    for (std::size_t i = 0; i < parameters.size(); ++i)
      path[i].row(step) = parameters[i].value.m.row(0);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i)
    course::write("path_of_" + parameters[i].name, path[i]);
  optimizer->visit_state([](const std::string& name, Tensor& t) { course::write(name, t.m); });
}

// Parameters g0, g1, .. with these gradients; one that is not there has none.
void run_clip(const Case& c) {
  const std::vector<int>& trains = c.ints.at("trains");
  std::vector<Parameter> parameters;
  parameters.reserve(trains.size());
  std::vector<Parameter*> all;
  for (std::size_t i = 0; i < trains.size(); ++i) {
    const std::string name = "g" + std::to_string(i);
    Parameter& p = parameters.emplace_back(name, Tensor(Shape{1, 1}));
    if (c.has(name)) {
      p.value = Tensor(Shape{c.tensor(name).rows(), c.tensor(name).cols()});
      p.grad = tensor_of(c.tensor(name));
    }
    p.trainable = trains[i] != 0;
    all.push_back(&p);
  }
  try {
    const double norm = nn::clip_gradients(all, c.number("max_norm"));
    course::write("returned", Matrix::Constant(1, 1, norm));
  } catch (const nn::NonFiniteGradient& error) {
    // Which parameter the message names; its other words are free.
    const std::string message = error.what();
    std::string named;
    for (const Parameter& p : parameters)
      if (message.find(p.name) != std::string::npos) named += p.name;
    course::write("names", named.empty() ? "none" : named);
  }
  for (const Parameter& p : parameters)
    if (c.has(p.name)) course::write(p.name, p.grad.m);
}

void run(const Case& c) {
  const std::string& call = c.text("call");
  if (call == "layernorm") run_layernorm(c);
  if (call == "gelu") run_gelu(c);
  if (call == "cross_entropy") run_cross_entropy(c);
  if (call == "sgd" || call == "adamw") run_optimizer(c);
  if (call == "clip") run_clip(c);
}

}  // namespace

int main() { return course::answer(run); }
