#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "lora/lora_linear.h"
#include "lora/merge.h"
#include "nn/optimizer.h"
#include "tests/nn/small_decoder.h"

namespace worked_example_test {

// The worked example of docs/lora.md, with the numbers that stand there: those under "Given" go in,
// and all others must come out, to the last bit. They are sums of powers of two.

using nn::Matrix;
using nn::Tensor;

namespace {

/// The formulas of one section of the page: "dh" -> the matrix at the end of $$dh = ... $$.
using Formulas = std::map<std::string, Matrix>;

/// "1 & 0 \cr 0 & 1", or a single number, as a matrix.
Matrix parse_matrix(const std::string& text) {
  std::vector<std::vector<float>> rows(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == "\\cr")
      rows.emplace_back();
    else if (word != "&")
      rows.back().push_back(std::stof(word));
  }
  Matrix m(static_cast<nn::Index>(rows.size()), static_cast<nn::Index>(rows.front().size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == rows.front().size());
    for (std::size_t j = 0; j < rows[i].size(); ++j)
      m(static_cast<nn::Index>(i), static_cast<nn::Index>(j)) = rows[i][j];
  }
  return m;
}

/// The sections under "## A worked example", by their headings.
std::map<std::string, Formulas> read_example(std::istream& page) {
  const std::regex formula(R"(^\$\$([^=]*[^= ]) = (.*[^ ])\$\$$)"),
      matrix(R"(\\begin\{pmatrix\} (.*) \\end\{pmatrix\}$)"), number(R"(-?[0-9.]+$)");
  std::map<std::string, Formulas> sections;
  std::string section;
  bool inside = false;
  std::smatch match, value;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) inside = line == "## A worked example";
    if (!inside) continue;
    if (line.starts_with("### ")) section = line.substr(4);
    if (!std::regex_match(line, match, formula)) continue;
    const std::string right = match[2];
    const bool is_matrix = std::regex_search(right, value, matrix);
    REQUIRE_MESSAGE((is_matrix || std::regex_search(right, value, number)), line);
    const bool is_new =
        sections[section].emplace(match[1], parse_matrix(is_matrix ? value[1] : value[0])).second;
    REQUIRE_MESSAGE(is_new, line);
  }
  return sections;
}

std::map<std::string, Formulas> read_example() {
  std::ifstream page(LOWRANK_SOURCE_DIR "/docs/lora.md");
  REQUIRE(page.good());
  return read_example(page);
}

/// What is printed for one state of the layer: values, loss and gradients, as columns.
struct State {
  Formulas by_name;

  /// x and the target t are columns of the page; the layer takes rows.
  State(lora::LoraLinear& layer, const Matrix& x, const Matrix& t) {
    nn::Tape tape;
    nn::Parameter input{"x", row(x), {}, true};
    const nn::Var h = layer.forward({tape}, tape.parameter(input));
    const nn::Var error = autograd::subtract(h, tape.constant(row(t)));
    const nn::Var loss = autograd::scale(autograd::sum(autograd::multiply(error, error)), 0.5);
    for (nn::Parameter* p : {&layer.A, &layer.B})
      if (!p->grad.empty()) p->grad.m.setZero();
    tape.backward(loss);
    by_name["h"] = h.value().m.transpose();
    by_name["L"] = loss.value().m;
    by_name["dh"] = h.grad().m.transpose();
    by_name["dx"] = input.grad.m.transpose();
    by_name["a"] = layer.A.value.m * x;
    by_name["A"] = layer.A.value.m;
    by_name["B"] = layer.B.value.m;
    by_name["dA"] = layer.A.grad.m;
    by_name["dB"] = layer.B.grad.m;
  }

  static Tensor row(const Matrix& column) {
    Tensor t({1, column.size()});
    t.m = column.transpose();
    return t;
  }
};

/// The formulas of a section that are not what the layer has, as " dA dx".
std::string differences(const Formulas& printed, const Formulas& computed) {
  std::string names;
  for (const auto& [name, value] : printed) {
    const auto own = computed.find(name);
    REQUIRE_MESSAGE(own != computed.end(), name);
    const bool equal = own->second.rows() == value.rows() && own->second.cols() == value.cols() &&
                       own->second == value;
    if (!equal) names += " " + name;
  }
  return names;
}

lora::LoraLinear layer_of(const Formulas& given) {
  auto linear = std::make_unique<nn::Linear>(2, 3, 1, 1, "linear");
  linear->weight.value.m = given.at("W_0");
  const double alpha = static_cast<double>(given.at("\\alpha")(0, 0));
  lora::LoraLinear layer(std::move(linear), {1, alpha}, 1, "layer");
  CHECK(layer.B.value.m == given.at("B"));  // it starts at zero without our doing
  layer.A.value.m = given.at("A");
  return layer;
}

/// The numbers of the page that are wrong, as "first: dA; second:; last:".
std::string wrong_formulas(const std::map<std::string, Formulas>& page) {
  const Formulas& given = page.at("Given");
  lora::LoraLinear layer = layer_of(given);
  nn::Sgd sgd({{{&layer.A, &layer.B}}});
  const auto state = [&] { return State(layer, given.at("x"), given.at("t")).by_name; };
  const double lr = static_cast<double>(given.at("\\eta")(0, 0));

  const std::string first = differences(page.at("The first step"), state());
  sgd.step(lr);
  const std::string second = differences(page.at("The second step"), state());
  sgd.step(lr);
  Formulas last = state();
  layer.merge();
  last["W"] = layer.base->weight.value.m;
  return fmt::format("first:{}; second:{}; last:{}", first, second,
                     differences(page.at("After two steps"), last));
}

const char* nothing_wrong = "first:; second:; last:";

}  // namespace

TEST_CASE("the worked example of docs/lora.md comes out as it is printed") {
  const auto page = read_example();
  CHECK(page.at("Given").size() == 7);
  CHECK(page.at("The first step").size() == 7);
  CHECK(page.at("The second step").size() == 7);
  CHECK(page.at("After two steps").size() == 5);
  CHECK(wrong_formulas(page) == nothing_wrong);
}

TEST_CASE("control: a number that is changed on the page is found, whichever it is") {
  auto page = read_example();
  for (auto& [section, formulas] : page) {
    if (section == "Given") continue;
    for (auto& [name, value] : formulas) {
      CAPTURE(section);
      float& number = value(value.rows() - 1, 0);
      number += 0.125f;
      const std::string wrong = wrong_formulas(page);
      CHECK(wrong.find(": " + name) != std::string::npos);
      CHECK(wrong.size() == std::string(nothing_wrong).size() + 1 + name.size());  // and no other
      number -= 0.125f;
    }
  }
  CHECK(wrong_formulas(page) == nothing_wrong);
}

}  // namespace worked_example_test
