#include "experiments/evidence/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "experiments/evidence/matching.h"
#include "experiments/evidence/paired.h"

namespace experiments::evidence {

namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

double nll_of(const CellResult& result) { return result.nll; }

bool same_bits(double x, double y) {
  return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
}

bool has_same_numbers(const CellResult& a, const CellResult& b) {
  return same_bits(a.value, b.value) && same_bits(a.nll, b.nll);
}

// The pairs of a row whose difference is finite.
struct FinitePairs {
  std::vector<double> a, b, differences;  // b - a
};

FinitePairs finite_pairs(const CellsOfRow& a, const CellsOfRow& b, const Measured& measured) {
  FinitePairs pairs;
  for (const auto& [repetition, cell] : a) {
    const auto other = b.find(repetition);
    if (other == b.end()) continue;
    const double of_a = measured(*cell->result), of_b = measured(*other->second->result);
    if (!std::isfinite(of_b - of_a)) continue;
    pairs.a.push_back(of_a);
    pairs.b.push_back(of_b);
    pairs.differences.push_back(of_b - of_a);
  }
  return pairs;
}

MeanDifference mean_difference(const FinitePairs& pairs) {
  const std::vector<double>& d = pairs.differences;
  return {.pairs = static_cast<int>(d.size()),
          .a = mean(pairs.a),
          .b = mean(pairs.b),
          .mean = mean(d),
          .t = d.size() < 2 ? Interval{not_known, not_known} : t_interval(d)};
}

ComparedRow compared_row(const CellsOfRow& a, const CellsOfRow& b) {
  const FinitePairs scores = finite_pairs(a, b, points);
  return {.cell = a.begin()->second->result->cell,
          .points = mean_difference(scores),
          .nll = mean_difference(finite_pairs(a, b, nll_of)),
          .p = scores.differences.size() < 2 ? not_known : p_mean_differs(scores.differences)};
}

// Over the rows that were tested.
void correct(std::vector<ComparedRow>& rows) {
  std::vector<double> p;
  for (const ComparedRow& row : rows)
    if (!std::isnan(row.p)) p.push_back(row.p);
  const std::vector<double> corrected = holm(p);
  std::size_t at = 0;
  for (ComparedRow& row : rows)
    if (!std::isnan(row.p)) row.p = corrected[at++];
}

std::string shown_field(const std::string& text) { return text.empty() ? "-" : text; }

using FieldValues = std::set<std::string, ByNumber>;

FieldValues values_at(const CellsOfRow& cells, std::size_t place) {
  FieldValues values;
  for (const auto& [repetition, cell] : cells) values.insert(shown_field(cell->fields[place]));
  return values;
}

/// Takes in row after row that both sides have, and keeps what is to be said of all.
class Comparing {
 public:
  explicit Comparing(const FieldPlaces& fields) {
    for (const std::size_t place : fields) values_[place];
  }

  void add(const CellsOfRow& a, const CellsOfRow& b) {
    for (auto& [place, sides] : values_) {
      const FieldValues of_a = values_at(a, place), of_b = values_at(b, place);
      if (of_a == of_b) continue;
      sides.first.insert(of_a.begin(), of_a.end());
      sides.second.insert(of_b.begin(), of_b.end());
    }
    bool says_nothing = true;
    int pairs = 0;
    for (const auto& [repetition, cell] : a) {
      const auto other = b.find(repetition);
      if (other == b.end()) continue;
      ++pairs;
      const CellResult &one = *cell->result, &two = *other->second->result;
      const bool is_same = cell->fields == other->second->fields;
      if (is_same) ++found_.same_cells;
      if (is_same && !has_same_numbers(one, two)) found_.changed.push_back({one, two});
      says_nothing = says_nothing && is_same && has_same_numbers(one, two);
    }
    found_.pairs += pairs;
    if (pairs == 0 || !says_nothing) found_.rows.push_back(compared_row(a, b));
  }

  Comparison finished(std::size_t cells_of_a, std::size_t cells_of_b) {
    for (const auto& [place, sides] : values_)
      if (!sides.first.empty())
        found_.differing.push_back({cell_field_names()[place],
                                    {sides.first.begin(), sides.first.end()},
                                    {sides.second.begin(), sides.second.end()}});
    found_.alone_in_a = static_cast<int>(cells_of_a) - found_.pairs;
    found_.alone_in_b = static_cast<int>(cells_of_b) - found_.pairs;
    correct(found_.rows);
    return std::move(found_);
  }

 private:
  std::map<std::size_t, std::pair<FieldValues, FieldValues>> values_;  // of A and B, by place
  Comparison found_;
};

// The task, and what else is not the same in all rows, but for what differs between A and B.
std::vector<std::string> varying_fields(const std::vector<ComparedRow>& rows,
                                        const FieldPlaces& differing) {
  FieldPlaces left_out = field_places({"seed", "base_seed"});
  left_out.insert(differing.begin(), differing.end());
  std::vector<std::string> varying;
  for (std::size_t i = 0; i < cell_field_names().size(); ++i) {
    if (left_out.contains(i)) continue;
    std::set<std::string> texts;
    for (const ComparedRow& row : rows) texts.insert(field_texts(row.cell)[i].text);
    if (texts.size() > 1 || cell_field_names()[i] == "task")
      varying.push_back(cell_field_names()[i]);
  }
  return varying;
}

}  // namespace

Comparison compared(const std::vector<CellResult>& a, const std::vector<CellResult>& b) {
  const std::vector<MatchedCell> cells_of_a = cells_to_match(a), cells_of_b = cells_to_match(b);
  const FieldPlaces differing = differing_fields(cells_of_a, cells_of_b);
  const CellRows rows_of_a = cell_rows(cells_of_a, differing, "A");
  const CellRows rows_of_b = cell_rows(cells_of_b, differing, "B");
  std::map<std::vector<std::string>, std::pair<CellsOfRow, CellsOfRow>, ByNumber> common;
  for (const auto& [key, cells] : rows_of_a)
    if (const auto row = rows_of_b.find(key); row != rows_of_b.end())
      common[key] = {cells, row->second};
  if (common.empty())
    throw std::invalid_argument(
        "no cell of A has one of B that differs from it in one field or in those that share no "
        "value");
  Comparing comparing(differing);
  for (const auto& [key, sides] : common) comparing.add(sides.first, sides.second);
  Comparison comparison = comparing.finished(a.size(), b.size());
  comparison.varying = varying_fields(comparison.rows, differing);
  return comparison;
}

std::string fields_text(const Cell& cell, const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (const FieldText& field : field_texts(cell))
    if (std::ranges::count(names, field.name) > 0)
      texts.push_back(fmt::format("{}={}", field.name, shown_field(field.text)));
  return fmt::format("{}", fmt::join(texts, " "));
}

}  // namespace experiments::evidence
