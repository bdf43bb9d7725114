#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/evidence/json_object.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/compare.h"
#include "experiments/harness/output.h"
#include "nn/files/numbers.h"

namespace experiments::cli {

namespace {

struct CompareOptions {
  std::filesystem::path a, b;
  bool json = false;
};

JsonObject folder_json(const FinishedFolder& folder) {
  JsonObject object;
  object.set("folder", folder.path.string());
  object.set("experiment", folder.experiment);
  object.set("cells", folder.cells.size());
  object.set("machines", folder.machines);
  return object;
}

// These fields of a cell, lists as lists and numbers as numbers.
JsonObject fields_json(const Cell& cell, const std::vector<std::string>& names) {
  JsonObject object;
  for (const FieldText& field : field_texts(cell)) {
    if (std::ranges::count(names, field.name) == 0) continue;
    if (field.is_list)
      object.set(field.name,
                 field.text.empty() ? std::vector<std::string>() : split_at_commas(field.text));
    else if (nn::read_whole(field.text))
      object.set_json(field.name, field.text);
    else if (const auto number = nn::read_number(field.text))
      object.set(field.name, *number);
    else
      object.set(field.name, field.text);
  }
  return object;
}

// Numbers that are not known, as an interval of one pair, are "nan".
JsonObject difference_json(const MeanDifference& difference) {
  JsonObject object;
  object.set("pairs", difference.pairs);
  object.set("a", difference.a);
  object.set("b", difference.b);
  object.set("difference", difference.mean);
  object.set("low", difference.t.low);
  object.set("high", difference.t.high);
  return object;
}

std::vector<JsonObject> rows_json(const Comparison& comparison) {
  std::vector<JsonObject> rows;
  for (const ComparedRow& row : comparison.rows) {
    JsonObject& object = rows.emplace_back();
    object.set("cells", fields_json(row.cell, comparison.varying));
    object.set("points", difference_json(row.points));
    object.set("p", row.p);
    object.set("nll", difference_json(row.nll));
  }
  return rows;
}

std::vector<JsonObject> differing_json(const Comparison& comparison) {
  std::vector<JsonObject> fields;
  for (const DifferingField& field : comparison.differing) {
    JsonObject& object = fields.emplace_back();
    object.set("name", field.name);
    object.set("a", field.a);
    object.set("b", field.b);
  }
  return fields;
}

std::vector<JsonObject> changed_json(const Comparison& comparison) {
  std::vector<JsonObject> cells;
  for (const auto& [a, b] : comparison.changed) {
    JsonObject& object = cells.emplace_back();
    object.set("cell", a.cell.key());
    object.set("value_a", a.value);
    object.set("value_b", b.value);
    object.set("nll_a", a.nll);
    object.set("nll_b", b.nll);
  }
  return cells;
}

JsonObject comparison_json(const FinishedFolder& a, const FinishedFolder& b,
                           const Comparison& comparison) {
  JsonObject object;
  object.set("a", folder_json(a));
  object.set("b", folder_json(b));
  object.set("differing", differing_json(comparison));
  object.set("rows", rows_json(comparison));
  object.set("same_cells", comparison.same_cells);
  object.set("changed", changed_json(comparison));
  object.set("alone_in_a", comparison.alone_in_a);
  object.set("alone_in_b", comparison.alone_in_b);
  return object;
}

int run_compare(const CompareOptions& given) {
  const FinishedFolder a = read_finished_folder(given.a), b = read_finished_folder(given.b);
  std::error_code ignored;
  if (std::filesystem::equivalent(a.path, b.path, ignored))
    throw UsageError(fmt::format("{} and {} are one folder", given.a.string(), given.b.string()));
  const Comparison comparison = compared(a.cells, b.cells);
  print_out("{}", given.json
                      ? comparison_json(a, b, comparison).printed()
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
