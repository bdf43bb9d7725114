#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/compare.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"

namespace experiments::cli {

namespace {

struct CompareOptions {
  std::filesystem::path a, b;
  bool json = false;
};

nn::Json folder_json(const FinishedFolder& folder) {
  return {{"folder", folder.path.string()},
          {"experiment", folder.experiment},
          {"cells", folder.cells.size()},
          {"machines", folder.machines}};
}

// These fields of a cell, lists as lists and numbers as numbers.
nn::Json fields_json(const Cell& cell, const std::vector<std::string>& names) {
  nn::Json object = nn::Json::object();
  for (const FieldText& field : field_texts(cell)) {
    if (std::ranges::count(names, field.name) == 0) continue;
    if (field.is_list)
      object[field.name] =
          field.text.empty() ? std::vector<std::string>() : split_at_commas(field.text);
    else if (const auto whole_number = nn::read_whole(field.text))
      object[field.name] = *whole_number;
    else if (const auto number = nn::read_number(field.text))
      object[field.name] = nn::number_json(*number);
    else
      object[field.name] = field.text;
  }
  return object;
}

// Numbers that are not known, as an interval of one pair, are "nan".
nn::Json difference_json(const MeanDifference& difference) {
  return {{"pairs", difference.pairs},
          {"a", nn::number_json(difference.a)},
          {"b", nn::number_json(difference.b)},
          {"difference", nn::number_json(difference.mean)},
          {"low", nn::number_json(difference.t.low)},
          {"high", nn::number_json(difference.t.high)}};
}

nn::Json comparison_json(const FinishedFolder& a, const FinishedFolder& b,
                         const Comparison& comparison) {
  nn::Json differing = nn::Json::array(), rows = differing, changed = differing;
  for (const DifferingField& field : comparison.differing)
    differing.push_back({{"name", field.name}, {"a", field.a}, {"b", field.b}});
  for (const ComparedRow& row : comparison.rows)
    rows.push_back({{"cells", fields_json(row.cell, comparison.varying)},
                    {"points", difference_json(row.points)},
                    {"p", nn::number_json(row.p)},
                    {"nll", difference_json(row.nll)}});
  for (const auto& [in_a, in_b] : comparison.changed)
    changed.push_back({{"cell", in_a.cell.key()},
                       {"value_a", nn::number_json(in_a.value)},
                       {"value_b", nn::number_json(in_b.value)},
                       {"nll_a", nn::number_json(in_a.nll)},
                       {"nll_b", nn::number_json(in_b.nll)}});
  return {{"a", folder_json(a)},
          {"b", folder_json(b)},
          {"differing", differing},
          {"rows", rows},
          {"same_cells", comparison.same_cells},
          {"changed", changed},
          {"alone_in_a", comparison.alone_in_a},
          {"alone_in_b", comparison.alone_in_b}};
}

int run_compare(const CompareOptions& given) {
  const FinishedFolder a = read_finished_folder(given.a), b = read_finished_folder(given.b);
  std::error_code ignored;
  if (std::filesystem::equivalent(a.path, b.path, ignored))
    throw UsageError(fmt::format("{} and {} are one folder", given.a.string(), given.b.string()));
  const Comparison comparison = compared(a.cells, b.cells);
  print_out("{}", given.json
                      ? json_line(comparison_json(a, b, comparison))
                      : report_text(comparison_report(a, b, comparison), columns_of_output()));
  return 0;
}

}  // namespace

Command compare_command() {
  Command command("compare",
                  "the differences between two results folders, paired by repetition, with "
                  "intervals");
  auto given = std::make_shared<CompareOptions>();
  command.argument("A", path_value(given->a),
                   "results folder of one experiment, as results/table6");
  command.argument("B", path_value(given->b), "another, from which A is subtracted");
  add_json_option(command, given->json);
  command.action([given](const Command&) { return run_compare(*given); });
  return command;
}

}  // namespace experiments::cli
