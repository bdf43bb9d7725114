#include "experiments/evidence/score_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "data/tasks.h"
#include "experiments/evidence/statistics.h"
#include "experiments/evidence/text.h"

namespace experiments::evidence {

const std::vector<std::uint64_t>& calibration_base_seeds() {
  static const std::vector<std::uint64_t> seeds = {0, 1};
  return seeds;
}

const std::vector<int>& calibration_facts() {
  static const std::vector<int> facts = {4, 8, 16, 24, 32};
  return facts;
}

std::string freshness_text(const std::set<std::uint64_t>& bases, int facts) {
  std::vector<std::string> known;
  for (const std::uint64_t seed : calibration_base_seeds()) {
    if (bases.contains(seed)) known.push_back(fmt::format("base seed {}", seed));
  }
  if (std::count(calibration_facts().begin(), calibration_facts().end(), facts) > 0) {
    known.push_back(fmt::format("K = {}", facts));
  }
  const bool has_facts = facts > 0;
  std::string text =
      fmt::format("Run on base seed{} {}", bases.size() == 1 ? "" : "s", fmt::join(bases, ", "));
  if (has_facts) text += fmt::format(" and K = {}", facts);
  text += fmt::format(". Settings were calibrated on base seeds {}",
                      fmt::join(calibration_base_seeds(), ", "));
  if (has_facts) text += fmt::format(" and K = {}", fmt::join(calibration_facts(), ", "));
  if (known.empty()) return text + ": the verdicts are a fresh test.";
  return fmt::format("{}: with {} among these, the verdicts are no fresh test.", text,
                     fmt::join(known, " and "));
}

Summary summary(const Runs& runs) {
  std::vector<double> score, nll;
  std::map<std::uint64_t, std::vector<double>> by_base;
  for (const auto& [repetition, result] : runs) {
    score.push_back(100 * result.value);
    nll.push_back(result.nll);
    by_base[repetition.first].push_back(100 * result.value);
  }
  double squares = 0;
  std::vector<double> base_means;
  for (const auto& [base, values] : by_base) {
    base_means.push_back(mean(values));
    for (const double value : values) squares += std::pow(value - mean(values), 2);
  }
  const double freedom = static_cast<double>(score.size()) - static_cast<double>(by_base.size());
  return {.n = static_cast<int>(score.size()),
          .mean = mean(score),
          .sd = freedom > 0 ? std::sqrt(squares / freedom) : std::nan(""),
          .between = sample_sd(base_means),
          .nll = mean(nll),
          .trainable = runs.begin()->second.trainable,
          .lr = runs.begin()->second.cell.lr};
}

std::vector<double> values(const Runs& runs, const Measured& measured) {
  std::vector<double> x;
  for (const auto& [repetition, result] : runs) x.push_back(measured(result));
  return x;
}

std::string score_text(const Summary& s) {
  std::string text = fmt::format("{:.1f}", s.mean);
  if (!std::isnan(s.sd)) text += fmt::format(" ±{:.1f}", s.sd);
  if (!std::isnan(s.between)) text += fmt::format(" ({:.1f})", s.between);
  return text;
}

const Runs* ScoreTable::find(const std::string& row) const {
  const auto at = rows.find(row);
  return at == rows.end() ? nullptr : &at->second;
}

std::vector<ScoreTable> score_tables(const std::vector<CellResult>& results, const RowOf& row_of) {
  std::map<std::tuple<std::size_t, std::string, int>, ScoreTable> tables;
  for (const CellResult& result : results) {
    const Cell& cell = result.cell;
    ScoreTable& table = tables[{data::task_place(cell.task), cell.task, cell.facts}];
    table.label = task_label(cell);
    table.task = cell.task;
    table.facts = cell.facts;
    const auto [at, added] =
        table.rows[row_of(cell)].try_emplace({cell.base_seed, cell.seed}, result);
    if (!added)
      throw std::invalid_argument(fmt::format("two results for one entry of the table: {} and {}",
                                              at->second.cell.key(), cell.key()));
  }
  std::vector<ScoreTable> sorted;
  for (auto& [key, table] : tables) sorted.push_back(std::move(table));
  return sorted;
}

std::string weights_row_name(const std::string& weights, int rank) {
  return fmt::format("{} r={}", weights, rank);
}

std::string weights_row_of(const Cell& cell) {
  return cell.method == "lora" ? weights_row_name(weight_set(cell.targets), cell.rank)
                               : cell.method;
}

std::string examples_row_name(const std::string& what, int n) {
  return fmt::format("{} n={}", what, n);
}

std::string rank_row_name(int rank) { return fmt::format("r={}", rank); }

std::string rank_row_of(const Cell& cell) {
  return cell.method == "lora" ? rank_row_name(cell.rank) : cell.method;
}

std::vector<Term> mean_of(const std::vector<std::string>& rows, double share) {
  std::vector<Term> terms;
  for (const std::string& row : rows)
    terms.push_back({row, share / static_cast<double>(rows.size())});
  return terms;
}

std::set<Repetition> collapsed(const ScoreTable& table, const std::string& row) {
  const Runs* runs = table.find(row);
  if (runs == nullptr || row == "frozen") return {};
  const Runs* frozen = table.find("frozen");
  ByRepetition scores;
  for (const auto& [repetition, result] : *runs) scores[repetition] = points(result);
  return collapsed(scores, frozen == nullptr ? 0 : summary(*frozen).mean);
}

// "Learned in 7 of 8 runs: q,v r=1." for the rows with runs that did not.
static std::string collapses_text(const ScoreTable& table) {
  std::vector<std::string> rows;
  for (const auto& [row, runs] : table.rows)
    if (const auto failed = collapsed(table, row); !failed.empty())
      rows.push_back(fmt::format("{} in {} of {}", row, runs.size() - failed.size(), runs.size()));
  return rows.empty() ? ""
                      : fmt::format("Learned: {}; all others in all runs.", fmt::join(rows, ", "));
}

Contrast linear_contrast(const ScoreTable& table, const std::vector<Term>& terms, Contrast rule,
                         const Measured& measured) {
  std::map<Repetition, std::pair<std::size_t, double>> sums;  // terms found, D
  std::vector<std::string> missing;
  for (const Term& term : terms) {
    const Runs* runs = table.find(term.row);
    if (runs == nullptr) {
      missing.push_back(term.row);
      continue;
    }
    rule.collapsed.merge(collapsed(table, term.row));
    for (const auto& [repetition, result] : *runs) {
      auto& [found, sum] = sums[repetition];
      ++found;
      sum += term.factor * measured(result);
    }
  }
  if (!missing.empty()) {
    rule.missing = fmt::format("{}", fmt::join(missing, "; "));
    return rule;
  }
  for (const auto& [repetition, sum] : sums)
    if (sum.first == terms.size() && std::isfinite(sum.second)) rule.each[repetition] = sum.second;
  return rule;
}

Section section_of(const ScoreTable& table) {
  std::size_t fewest = SIZE_MAX, most = 0;
  std::set<std::uint64_t> bases;
  std::string metric;
  for (const auto& [row, runs] : table.rows) {
    if (row != "frozen") {  // the base alone needs no repetitions
      fewest = std::min(fewest, runs.size());
      most = std::max(most, runs.size());
    }
    for (const auto& [repetition, result] : runs) {
      bases.insert(repetition.first);
      metric = result.metric;
    }
  }
  std::replace(metric.begin(), metric.end(), '_', ' ');
  const std::string n =
      fewest >= most ? std::to_string(most) : fmt::format("{} to {}", fewest, most);
  Section section{
      fmt::format("{}: {} in %", table.label, metric),
      {fmt::format("Mean ± sd over {} runs ({}); nll in nats per target token.", n,
                   bases.size() > 1
                       ? "sd over seeds within a base, in brackets that of the bases' means"
                       : "sd over seeds"),
       freshness_text(bases, table.facts)},
      {}};
  if (const std::string text = collapses_text(table); !text.empty())
    section.remarks.push_back(text);
  return section;
}

std::string score_text(const Runs* runs) {
  return runs == nullptr ? "-" : score_text(summary(*runs));
}

std::string nll_text(const Runs* runs) {
  return runs == nullptr ? "-" : fmt::format("{:.3f}", summary(*runs).nll);
}

std::string difference_text(const ScoreTable& table, const std::string& row,
                            const std::string& reference) {
  const std::vector<double> d = values(linear_contrast(table, {{row}, {reference, -1}}, {}).each);
  if (row == reference || d.size() < 2) return "-";
  const Interval t = t_interval(d);
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", mean(d), t.low, t.high);
}

namespace {

// Columns keep their places: those of before, and behind the measurements what a cell got later.
const std::vector<std::string>& first_columns() {
  static const std::vector<std::string> names{
      "task",  "facts",   "base_seed", "seed",      "method", "size",  "targets", "rank",
      "alpha", "scaling", "dropout",   "optimizer", "lr",     "steps", "examples"};
  return names;
}

std::vector<std::string> last_columns() {
  std::vector<std::string> names;
  for (const FieldText& field : field_texts({}))
    if (std::ranges::count(first_columns(), field.name) == 0) names.push_back(field.name);
  return names;
}

std::vector<std::string> csv_row(const CellResult& result, const std::set<std::string>& further) {
  std::map<std::string, std::string> fields;
  for (const FieldText& field : field_texts(result.cell)) fields[field.name] = field.text;
  std::vector<std::string> row;
  for (const std::string& name : first_columns()) row.push_back(fields.at(name));
  row.insert(row.end(), {Csv::field(result.trainable), result.metric, Csv::field(result.value),
                         Csv::field(result.nll)});
  for (const std::string& name : further) {
    const auto at = result.more.find(name);
    row.push_back(at == result.more.end() ? "" : Csv::field(at->second));
  }
  for (const std::string& name : last_columns()) row.push_back(fields.at(name));
  return row;
}

}  // namespace

Csv results_csv(const std::vector<CellResult>& results) {
  std::map<std::string, const CellResult*> sorted;
  std::set<std::string> further;
  for (const CellResult& result : results) {
    sorted[result.cell.key()] = &result;
    for (const auto& [name, value] : result.more) further.insert(name);
  }
  std::vector<std::string> head = first_columns();
  head.insert(head.end(), {"trainable", "metric", "value", "nll"});
  head.insert(head.end(), further.begin(), further.end());
  const std::vector<std::string> last = last_columns();
  head.insert(head.end(), last.begin(), last.end());
  Csv csv(head);
  for (const auto& [key, result] : sorted) csv.add(csv_row(*result, further));
  return csv;
}

}  // namespace experiments::evidence
