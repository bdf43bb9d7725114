#include "experiments/harness/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/evidence/statistics.h"
#include "experiments/harness/results.h"
#include "experiments/harness/run_card.h"
#include "nn/files/json.h"

namespace experiments::harness {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_changed_shown = 20;
constexpr int few_pairs = 5;  // up to here t is far from the normal distribution's 1.96

// "1 cell", "2 cells"
std::string count_text(int count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string folder_text(const char* side, const FinishedFolder& folder) {
  return fmt::format("{} is {}: {} of {}{}.", side, folder.path.string(),
                     count_text(static_cast<int>(folder.cells.size()), "cell"), folder.experiment,
                     folder.machines.empty() ? "" : ", on " + folder.machines);
}

std::string differing_text(const Comparison& comparison) {
  if (comparison.differing.empty()) return "No field differs between partners.";
  std::vector<std::string> texts;
  for (const DifferingField& field : comparison.differing)
    texts.push_back(fmt::format("{} (A: {}; B: {})", field.name, fmt::join(field.a, " or "),
                                fmt::join(field.b, " or ")));
  return fmt::format("They differ in {}.", fmt::join(texts, ", "));
}

std::string same_cells_text(const Comparison& comparison) {
  const int same = comparison.same_cells, changed = static_cast<int>(comparison.changed.size());
  std::string text =
      comparison.is_of_same_cells()
          ? fmt::format("Both hold the same {}: ", count_text(same, "cell"))
          : fmt::format("{} {} in both: ", count_text(same, "cell"), same == 1 ? "is" : "are");
  text += fmt::format("{} with the same value and nll, bit for bit, and {} with others.",
                      same - changed, changed);
  if (changed < same) text += " A row whose cells all have the same numbers is not shown.";
  return text;
}

// What the smallest number of pairs makes of an interval; "" where all rows have more.
std::string few_pairs_text(const std::vector<ComparedRow>& rows) {
  int fewest = few_pairs + 1;
  bool any_below_two = false;
  for (const ComparedRow& row : rows) {
    if (row.points.pairs >= 2) fewest = std::min(fewest, row.points.pairs);
    any_below_two |= row.points.pairs < 2;
  }
  std::string text;
  if (fewest <= few_pairs)
    text = fmt::format(
        "With few pairs an interval is wide: with {} it goes {:.1f} standard errors to each side, "
        "with many 2.",
        fewest, student_t_critical(0.05, fewest - 1));
  if (any_below_two)
    text += std::string(text.empty() ? "" : " ") + "Fewer than 2 pairs have no interval: \"-\".";
  return text;
}

// Runs that diverged have no loss to subtract.
std::string not_finite_text(const std::vector<ComparedRow>& rows) {
  const bool any = std::ranges::any_of(
      rows, [](const ComparedRow& row) { return row.nll.pairs < row.points.pairs; });
  return any ? "Differences of nll that are not finite do not count." : "";
}

std::string p_text(double p) {
  if (std::isnan(p)) return "-";
  return p < 1e-4 ? "< 0.0001" : fmt::format("{:.4f}", p);
}

std::string interval_text(const MeanDifference& d, int decimals) {
  if (d.pairs < 2) return "-";
  return fmt::format("{:+.{}f} [{:+.{}f}, {:+.{}f}]", d.mean, decimals, d.t.low, decimals, d.t.high,
                     decimals);
}

std::string mean_text(const MeanDifference& d, double mean) {
  return d.pairs == 0 ? "-" : fmt::format("{:.1f}", mean);
}

Section rows_section(const Comparison& comparison) {
  Section section{.title = "B - A, paired by base seed and seed"};
  section.remarks.push_back(
      "A and B: mean scores of the pairs in %; B - A: in points, with its 95 % t interval; p of "
      "the paired t-test, Holm-corrected over the rows; nll: B - A in nats per target token.");
  for (const std::string& text :
       {few_pairs_text(comparison.rows), not_finite_text(comparison.rows)})
    if (!text.empty()) section.remarks.push_back(text);
  section.table = {{"cells", "pairs", "A", "B", "B - A", "p", "nll B - A"}};
  for (const ComparedRow& row : comparison.rows)
    section.table.push_back({fields_text(row.cell, comparison.varying),
                             std::to_string(row.points.pairs), mean_text(row.points, row.points.a),
                             mean_text(row.points, row.points.b), interval_text(row.points, 1),
                             p_text(row.p), interval_text(row.nll, 3)});
  return section;
}

Section changed_section(const Comparison& comparison) {
  Section section{.title = "The same cells with other numbers"};
  std::vector<std::string> names = comparison.varying;
  names.insert(names.end(), {"seed", "base_seed"});
  section.table = {{"cell", "value of A", "of B", "nll of A", "of B"}};
  const std::size_t shown = std::min(comparison.changed.size(), most_changed_shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [a, b] = comparison.changed[i];
    section.table.push_back({fields_text(a.cell, names), fmt::format("{}", a.value),
                             fmt::format("{}", b.value), fmt::format("{}", a.nll),
                             fmt::format("{}", b.nll)});
  }
  if (shown < comparison.changed.size())
    section.remarks.push_back(fmt::format("The first {} of {}.", shown, comparison.changed.size()));
  return section;
}

// Those of run.json and of the parts that have cells.
std::string machines_in(const fs::path& folder, const nlohmann::json& card) {
  nlohmann::json all = card;
  for (const fs::path& part : part_files(folder))
    if (!read_cell_lines(part).empty()) all = united_card(all, read_any_card(card_of_part(part)));
  return machines_of(all);
}

}  // namespace

FinishedFolder read_finished_folder(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw ResultsError(fmt::format("{} is no folder", folder.string()));
  if (!is_there(folder / "run.json"))
    throw ResultsError(
        fmt::format("{} has no run.json: the folder of one experiment is wanted, as results/table6",
                    folder.string()));
  const nlohmann::json card = read_any_card(folder / "run.json");
  FinishedFolder finished{folder, nn::plain(card.at("experiment").get<std::string>()),
                          machines_in(folder, card), read_folder(folder)};
  if (finished.cells.empty())
    throw ResultsError(fmt::format("{} has no finished cells", folder.string()));
  return finished;
}

Report comparison_report(const FinishedFolder& a, const FinishedFolder& b,
                         const Comparison& comparison) {
  Report report{.title = fmt::format("{} against {}", b.path.string(), a.path.string())};
  report.remarks = {folder_text("A", a), folder_text("B", b), differing_text(comparison)};
  if (comparison.same_cells > 0) report.remarks.push_back(same_cells_text(comparison));
  if (comparison.alone_in_a + comparison.alone_in_b > 0)
    report.remarks.push_back(fmt::format("Without a partner: {} of A, {} of B.",
                                         count_text(comparison.alone_in_a, "cell"),
                                         count_text(comparison.alone_in_b, "cell")));
  if (!comparison.rows.empty()) report.sections.push_back(rows_section(comparison));
  if (!comparison.changed.empty()) report.sections.push_back(changed_section(comparison));
  return report;
}

}  // namespace experiments::harness
