#include "autograd/dump.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace autograd::inline LOWRANK_PRECISION {

namespace {

using Line = std::array<std::string, 8>;

// In double, where the squares of large floats still fit.
std::string norm_of(const Tensor* t) {
  return t ? fmt::format("{:.4g}", t->m.cast<double>().norm()) : "-";
}

Line line(const Node& node, NodeId id) {
  return {fmt::to_string(id),
          node.op_name,
          node.inputs.empty() ? "-" : fmt::format("{}", fmt::join(node.inputs, ",")),
          node.shape.str(),
          norm_of(node.value),
          norm_of(node.grad),
          node.needs_grad ? "trains" : "frozen",
          node.parameter ? node.parameter->name : ""};
}

// A double quote or backslash in a name would end or change a quoted label.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string style_of(const Node& node) {
  std::string shape = "box";
  if (node.parameter) {
    shape = node.needs_grad ? "ellipse" : "hexagon";
  } else if (node.inputs.empty()) {
    shape = "plaintext";
  }
  return fmt::format("shape={}, style={}", shape, node.needs_grad ? "solid" : "dashed");
}

}  // namespace

std::string dump(const Tape& tape) {
  std::vector<Line> lines{
      {"id", "op", "inputs", "shape", "|value|", "|grad|", "state", "parameter"}};
  for (NodeId id = 0; id < tape.size(); ++id) lines.push_back(line(tape.node(id), id));

  std::array<std::size_t, std::tuple_size_v<Line>> widths{};
  for (const Line& cells : lines)
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());

  std::string table;
  for (const Line& cells : lines) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool number = i == 0 || i == 4 || i == 5;
      text += number ? fmt::format("{:>{}}  ", cells[i], widths[i])
                     : fmt::format("{:<{}}  ", cells[i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    table += text + '\n';
  }
  return table;
}

std::string dump_graphviz(const Tape& tape) {
  std::string dot = "digraph tape {\n";
  for (NodeId id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    const std::string name = node.parameter ? node.parameter->name : node.op_name;
    dot += fmt::format("  n{} [label=\"{}: {}\\n{}\", {}];\n", id, id, escaped(name),
                       node.shape.str(), style_of(node));
    for (const NodeId input : node.inputs)
      dot += fmt::format("  n{} -> n{}{};\n", input, id,
                         tape.node(input).needs_grad ? "" : " [style=dashed]");
  }
  return dot + "}\n";
}

}  // namespace autograd::inline LOWRANK_PRECISION
