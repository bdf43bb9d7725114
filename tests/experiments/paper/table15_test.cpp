#include "experiments/paper/table15.h"

#include <doctest/doctest.h>

#include <set>

#include "lora/methods/method.h"

namespace experiments::paper::figure2 {

Experiment experiment();  // figure2.cpp

}  // namespace experiments::paper::figure2

namespace table15_test {

using namespace experiments::paper;

TEST_CASE("every method is run, at each budget as near to it as its sizes allow") {
  const nn::DecoderConfig model = base_config(0, 0).model;
  const auto specs = table15::specs(Preset::quick);
  std::set<std::string> names;
  std::set<std::string> distinct;
  for (const lora::MethodSpec& spec : specs) {
    names.insert(spec.name);
    distinct.insert(spec.name + lora::describe_size(spec));
  }
  CHECK(names.size() == lora::all_methods().size());
  CHECK(distinct.size() == specs.size());
  lora::LoraConfig on_q_and_v;
  on_q_and_v.targets = {"q", "v"};
  for (const long budget : table15::budgets(Preset::quick)) {
    for (const lora::MethodSpec& want : lora::nearest_of_all(budget, model, on_q_and_v)) {
      CHECK(distinct.contains(want.name + lora::describe_size(want)));
    }
  }
  CHECK(distinct.contains("lorar = 4 on q,v"));
  CHECK(distinct.contains("lorar = 8 on v"));
  CHECK(distinct.contains("lorar = 2 on q,k,v,o"));
  CHECK(table15::specs(Preset::full).size() > specs.size());
}

TEST_CASE("the cells are accepted, and the control is among them") {
  Settings options;
  options.base_seeds = {2, 3};
  options.seeds = 1;
  int frozen = 0;
  const auto cells = table15::experiment().cells(options);
  CHECK(cells.size() == 3 * 2 * (1 + table15::specs(Preset::quick).size()));
  for (const Cell& cell : cells) {
    CHECK_NOTHROW(check_cell(cell));
    frozen += cell.method == "frozen";
  }
  CHECK(frozen == 6);
  CHECK(figure2::experiment().sweep == "table15");
}

TEST_CASE("the paper's counts are by its formulas") {
  // d = 12288, 96 layers: LoRA 2 d r per matrix, adapter-h 2 (2 d r + r + d) per layer.
  const auto millions = [](double parameters) { return std::round(parameters / 1e5) / 10; };
  for (const table15::PaperRow& row : table15::paper()) {
    const std::string size = row.size;
    if (std::string(row.method) == "adapter-h") {
      const double r = std::stod(size.substr(4));
      CHECK(std::stod(row.trained) == millions(2 * 96 * (2 * 12288 * r + r + 12288)));
    } else if (std::string(row.method) == "lora") {
      const double r = std::stod(size.substr(4));
      const auto matrices = static_cast<double>(1 + std::count(size.begin(), size.end(), ','));
      // The paper rounds 18.87 and 37.75 down.
      CHECK(std::abs(std::stod(row.trained) - 96 * matrices * 2 * 12288 * r / 1e6) < 0.4);
    } else if (std::string(row.method) == "prefix-embedding") {
      // l_p positions and l_i = 8 of d numbers each, rounded or cut off.
      const double l_p = std::stod(size.substr(6));
      CHECK(std::abs(std::stod(row.trained) - 12288 * (l_p + 8) / 1e6) < 0.1);
    }
  }
}

}  // namespace table15_test
