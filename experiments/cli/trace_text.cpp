#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "data/vocabulary.h"
#include "experiments/cli/trace.h"
#include "experiments/cli/trace_words.h"

namespace experiments::cli {

using autograd::Node;
using autograd::NodeId;

namespace {

std::string shape_and_norm(const nn::Tensor& t) {
  return fmt::format("{} {:.4g}", t.shape.str(), norm(t));
}

/// A recorded step as text. A node's value is called after the parameters that make it ("q" after
/// attn.q), the sums that run through the model x0, x1, ..., and the gradient of q is dq.
class StepText {
 public:
  explicit StepText(const TracedStep& step);
  std::string text() const;

 private:
  const Node& node(NodeId id) const { return step_.tape.node(id); }
  const std::string& name(NodeId id) const { return names_[static_cast<std::size_t>(id)]; }
  int section(NodeId id) const { return sections_[static_cast<std::size_t>(id)]; }
  OpText words(NodeId id) const {
    return words_of(node(id).op_name, name(id), step_.cell, step_.base.model);
  }
  std::string value_name(const Node& node);
  std::string fill(const std::string& pattern, NodeId id) const;
  std::string parameters_of(NodeId id) const;
  std::string gradients_of(NodeId id) const;
  std::string parts_of(NodeId id) const;
  std::string parameter_gradient(NodeId user, NodeId leaf) const;

  void write_batch(std::string& text) const;
  void write_forward(std::string& text) const;
  void write_backward(std::string& text) const;
  void write_cost(std::string& text) const;

  const TracedStep& step_;
  std::vector<std::string> names_;          // by node
  std::vector<int> sections_;               // by node
  std::vector<std::vector<NodeId>> users_;  // by node, in recorded order
  int sums_ = 0;
};

StepText::StepText(const TracedStep& step) : step_(step) {
  const nn::Tape& tape = step.tape;
  users_.resize(static_cast<std::size_t>(tape.size()));
  int current = 0;
  for (NodeId id = 0; id < tape.size(); ++id) {
    const Node& n = tape.node(id);
    if (n.parameter)
      current = std::max(current, section_number(n.parameter->name, step.base.model));
    sections_.push_back(current);
    names_.push_back(n.parameter ? symbol_of(n.parameter->name) : value_name(n));
    for (const NodeId input : n.inputs) users_[static_cast<std::size_t>(input)].push_back(id);
  }
}

std::string StepText::value_name(const Node& n) {
  for (const NodeId input : n.inputs)
    if (const nn::Parameter* p = node(input).parameter)
      return value_named_after(p->name, n.op_name);
  const std::string op = n.op_name, first = name(n.inputs.front());
  const std::string of_lora = first.substr(0, first.rfind('.'));
  if (op == "scale") return of_lora + ".sa";
  if (op == "add" && first == "tok") return "sum";
  if (op == "add" || op == "reshape") return fmt::format("x{}", sums_++);
  static const std::map<std::string, std::string> others{{"attention", "mixed"},
                                                         {"gelu_erf", "gelu"},
                                                         {"gelu_tanh", "gelu"},
                                                         {"take_rows", "picked"},
                                                         {"cross_entropy", "loss"}};
  const auto other = others.find(op);
  return other == others.end() ? op : other->second;
}

// $y is the node's own value, $0, $1, ... its inputs.
std::string StepText::fill(const std::string& pattern, NodeId id) const {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') {
      text += pattern[i];
    } else if (const char which = pattern[++i]; which == 'y') {
      text += name(id);
    } else {
      text += name(node(id).inputs.at(static_cast<std::size_t>(which - '0')));
    }
  }
  return text;
}

// "; attn.q: W (64,64) 8.12, b (64) 0.4", and whether they are frozen.
std::string StepText::parameters_of(NodeId id) const {
  std::vector<std::string> items;
  const nn::Parameter* last = nullptr;
  for (const NodeId input : node(id).inputs) {
    if (!node(input).parameter) continue;
    last = node(input).parameter;
    items.push_back(name(input) + " " + shape_and_norm(last->value));
  }
  if (!last) return "";
  return fmt::format("; {}: {}{}", part_of(last->name), fmt::join(items, ", "),
                     last->trainable ? "" : ", frozen");
}

// A gradient that is not printed elsewhere: the parameter's, once its last part has been added.
std::string StepText::parameter_gradient(NodeId user, NodeId leaf) const {
  const auto& users = users_[static_cast<std::size_t>(leaf)];
  const auto count = static_cast<std::size_t>(
      std::count_if(users.begin(), users.end(), [&](NodeId u) { return node(u).needs_grad; }));
  if (user != users.front()) return fmt::format(" (one of {} parts)", count);
  const std::string parts = count > 1 ? fmt::format(", all {} parts", count) : "";
  return fmt::format(" ({:.4g}{})", norm(node(leaf).parameter->grad), parts);
}

// What the node adds to its inputs' gradients; the frozen ones are said to be frozen.
std::string StepText::gradients_of(NodeId id) const {
  const OpText text = words(id);
  std::vector<std::string> added, frozen, below;
  for (std::size_t i = 0; i < node(id).inputs.size(); ++i) {
    const NodeId input = node(id).inputs[i];
    if (!node(input).needs_grad) {
      (node(input).parameter ? frozen : below).push_back(name(input));
      continue;
    }
    added.push_back(fmt::format("d{} += {}", name(input), fill(text.backward.at(i), id)));
    if (node(input).parameter) added.back() += parameter_gradient(id, input);
  }
  if (!text.note.empty()) added.push_back(fill(text.note, id));
  if (!frozen.empty()) added.push_back(fmt::format("{} frozen", fmt::join(frozen, ", ")));
  if (!below.empty())
    added.push_back(fmt::format("nothing under {} trains", fmt::join(below, ", ")));
  return fmt::format("{}", fmt::join(added, "; "));
}

// Where a value is used more than once its gradient is a sum, and the text says of what.
std::string StepText::parts_of(NodeId id) const {
  std::vector<std::string> from;
  for (const NodeId user : users_[static_cast<std::size_t>(id)])
    if (node(user).needs_grad) from.push_back(name(user));
  if (from.size() < 2) return "";
  return fmt::format("[the {} parts from {} added] ", from.size(), fmt::join(from, ", "));
}

void StepText::write_batch(std::string& text) const {
  constexpr nn::Index shown = 8;
  const auto& [B, T, ids, targets, weights] = step_.batch;
  text += fmt::format(
      "The batch: {} rows of {} tokens, (B,T) in shapes. What stands after -> is to be "
      "predicted.\n",
      B, T);
  for (nn::Index b = 0; b < std::min(B, shown); ++b) {
    std::vector<int> prompt, answer;
    for (auto i = static_cast<std::size_t>(b * T); i < static_cast<std::size_t>((b + 1) * T); ++i) {
      if (answer.empty()) prompt.push_back(ids[i]);
      if (weights[i] > 0) answer.push_back(targets[i]);
    }
    text += wrapped(
        "  ", 4,
        fmt::format("{} -> {}", data::vocabulary().text(prompt), data::vocabulary().text(answer)));
  }
  if (B > shown) text += fmt::format("  and {} more\n", B - shown);
}

void StepText::write_forward(std::string& text) const {
  text += forward_introduction;
  int printed = -1;
  for (NodeId id = 0; id < step_.tape.size(); ++id) {
    const Node& n = node(id);
    if (n.inputs.empty()) continue;
    if (section(id) != std::exchange(printed, section(id)))
      text += section_title(section(id), step_.base.model);
    const std::string label = fmt::format("  #{:<4}{:<8}{:<12}{:<8.4g}", id, name(id),
                                          n.value->shape.str(), norm(*n.value));
    text += wrapped(label, label.size(), fill(words(id).forward, id) + parameters_of(id));
  }
}

void StepText::write_backward(std::string& text) const {
  text += backward_introduction;
  int printed = -1;
  std::vector<std::string> skipped;
  const auto write_skipped = [&] {
    if (skipped.empty()) return;
    const std::string which = fmt::format("{}", fmt::join(skipped, ", "));
    text += wrapped("  -    ", 7, which + ": nothing trains at or under, so nothing is computed");
    skipped.clear();
  };
  for (NodeId id = step_.loss.id; id >= 0; --id) {
    const Node& n = node(id);
    if (n.inputs.empty()) continue;
    if (section(id) != printed) {
      write_skipped();
      text += section_title(section(id), step_.base.model);
      printed = section(id);
    }
    if (!n.grad) {
      skipped.push_back(name(id));
      continue;
    }
    write_skipped();
    const std::string label = fmt::format("  #{:<4}d{:<9}{:<11.4g}", id, name(id), norm(*n.grad));
    text += wrapped(label, label.size(), parts_of(id) + gradients_of(id));
  }
  write_skipped();
}

void StepText::write_cost(std::string& text) const {
  const autograd::Stats stats = step_.tape.stats();
  const auto trainable = nn::trainable_parameters(*step_.model);
  double squares = 0;
  for (const nn::Parameter* p : trainable) squares += norm(p->grad) * norm(p->grad);
  int ran = 0;
  for (NodeId id = 0; id < step_.tape.size(); ++id) ran += !node(id).inputs.empty();
  text += fmt::format(
      "\nThe step in numbers\n"
      "  loss       {:.6g} nats for each token that is predicted\n"
      "  gradient   {:.4g}, the norm of all {} trainable numbers' derivatives together\n"
      "  operations {} ran; {} of them kept what the way back needs\n"
      "  products   {:.4g} million floating-point operations in matrix products, both ways\n"
      "  bytes      weights: {} frozen, {} trainable; gradients {}; activations and their\n"
      "             gradients {}; the two moments that AdamW would keep: {}\n"
      "An optimizer would now move each trainable number against its derivative. Here nothing "
      "moves.\n",
      step_.loss.value().item(), std::sqrt(squares), nn::count(trainable), ran, stats.ops,
      stats.gemm_flops / 1e6, stats.bytes.frozen, stats.bytes.trainable, stats.bytes.gradients,
      stats.bytes.activations, 2 * stats.bytes.gradients);
}

std::string StepText::text() const {
  std::string text = introduction(step_.cell, step_.base);
  write_batch(text);
  write_forward(text);
  write_backward(text);
  write_cost(text);
  return text;
}

}  // namespace

std::string to_text(const TracedStep& step) { return StepText(step).text(); }

}  // namespace experiments::cli
