#include "experiments/evidence/matching.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "nn/files/numbers.h"

namespace experiments::evidence {

namespace {

using ValuesOfFields = std::vector<std::set<std::string>>;

FieldPlaces seed_places() { return field_places({"seed", "base_seed"}); }

// What a field says of a cell, where only some fields count.
std::vector<std::string> at_places(const MatchedCell& cell, const FieldPlaces& places) {
  std::vector<std::string> texts;
  for (const std::size_t place : places) texts.push_back(cell.fields[place]);
  return texts;
}

FieldPlaces all_but(const FieldPlaces& ignored) {
  FieldPlaces places;
  for (std::size_t i = 0; i < cell_field_names().size(); ++i)
    if (!ignored.contains(i)) places.insert(i);
  return places;
}

std::map<std::vector<std::string>, ValuesOfFields> values_by_group(
    const std::vector<MatchedCell>& cells, const FieldPlaces& group) {
  std::map<std::vector<std::string>, ValuesOfFields> groups;
  for (const MatchedCell& cell : cells) {
    ValuesOfFields& values = groups[at_places(cell, group)];
    values.resize(cell.fields.size());
    for (std::size_t i = 0; i < cell.fields.size(); ++i) values[i].insert(cell.fields[i]);
  }
  return groups;
}

bool share_none(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::ranges::none_of(a, [&](const std::string& value) { return b.contains(value); });
}

// The fields without a common value in some group that both have; nothing without such a group.
std::optional<FieldPlaces> fields_apart(const std::vector<MatchedCell>& a,
                                        const std::vector<MatchedCell>& b,
                                        const FieldPlaces& group) {
  const auto of_a = values_by_group(a, group), of_b = values_by_group(b, group);
  std::optional<FieldPlaces> apart;
  for (const auto& [key, values] : of_a) {
    const auto other = of_b.find(key);
    if (other == of_b.end()) continue;
    if (!apart) apart.emplace();
    for (const std::size_t i : all_but(seed_places()))
      if (share_none(values[i], other->second[i])) apart->insert(i);
  }
  return apart;
}

FieldPlaces needed_fields(const std::vector<MatchedCell>& a, const std::vector<MatchedCell>& b) {
  if (const auto apart = fields_apart(a, b, field_places({"task", "method"}))) return *apart;
  if (const auto apart = fields_apart(a, b, field_places({"task"}))) return *apart;
  throw std::invalid_argument(
      "no task is both in A and in B: scores of different tasks are no pair");
}

// Rows, and the first two cells that are of one row and repetition.
struct Grouped {
  CellRows rows;
  const MatchedCell *one = nullptr, *other = nullptr;
};

Grouped grouped(const std::vector<MatchedCell>& cells, const FieldPlaces& ignored) {
  FieldPlaces left_out = seed_places();
  left_out.insert(ignored.begin(), ignored.end());
  const FieldPlaces counting = all_but(left_out);
  Grouped groups;
  for (const MatchedCell& cell : cells) {
    const auto [at, added] =
        groups.rows[at_places(cell, counting)].emplace(cell.repetition(), &cell);
    if (!added && groups.one == nullptr) groups.one = at->second, groups.other = &cell;
  }
  return groups;
}

// How many cells have a partner; nothing where two are of one row and repetition.
std::optional<std::size_t> pair_count(const std::vector<MatchedCell>& a,
                                      const std::vector<MatchedCell>& b,
                                      const FieldPlaces& ignored) {
  const Grouped of_a = grouped(a, ignored), of_b = grouped(b, ignored);
  if (of_a.one != nullptr || of_b.one != nullptr) return {};
  std::size_t count = 0;
  for (const auto& [key, cells] : of_a.rows)
    if (const auto row = of_b.rows.find(key); row != of_b.rows.end())
      for (const auto& [repetition, cell] : cells) count += row->second.count(repetition);
  return count;
}

// The field that brings most further pairs when it is ignored too; nothing where none does.
std::optional<std::size_t> further_field(const std::vector<MatchedCell>& a,
                                         const std::vector<MatchedCell>& b,
                                         const FieldPlaces& ignored) {
  std::size_t most = pair_count(a, b, ignored).value_or(a.size());
  std::optional<std::size_t> best;
  FieldPlaces fixed = field_places({"task", "seed", "base_seed"});
  fixed.insert(ignored.begin(), ignored.end());
  for (const std::size_t place : all_but(fixed)) {
    FieldPlaces more = ignored;
    more.insert(place);
    if (const auto count = pair_count(a, b, more); count && *count > most)
      most = *count, best = place;
  }
  return best;
}

std::optional<double> finite_number(const std::string& text) {
  const std::optional<double> x = nn::read_number(text);
  return x && std::isfinite(*x) ? x : std::nullopt;
}

bool number_before(const std::string& a, const std::string& b) {
  const auto x = finite_number(a), y = finite_number(b);
  if (x && y && *x != *y) return *x < *y;
  return x.has_value() == y.has_value() ? a < b : x.has_value();
}

}  // namespace

bool ByNumber::operator()(const std::string& a, const std::string& b) const {
  return number_before(a, b);
}

bool ByNumber::operator()(const std::vector<std::string>& a,
                          const std::vector<std::string>& b) const {
  return std::ranges::lexicographical_compare(a, b, number_before);
}

const std::vector<std::string>& cell_field_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const FieldText& field : field_texts({})) list.push_back(field.name);
    return list;
  }();
  return names;
}

FieldPlaces field_places(const std::set<std::string>& names) {
  FieldPlaces places;
  for (std::size_t i = 0; i < cell_field_names().size(); ++i)
    if (names.contains(cell_field_names()[i])) places.insert(i);
  return places;
}

std::vector<MatchedCell> cells_to_match(const std::vector<CellResult>& results) {
  std::vector<MatchedCell> cells;
  for (const CellResult& result : results) {
    cells.push_back({&result, {}});
    for (const FieldText& field : field_texts(result.cell))
      cells.back().fields.push_back(field.text);
  }
  return cells;
}

FieldPlaces differing_fields(const std::vector<MatchedCell>& a, const std::vector<MatchedCell>& b) {
  FieldPlaces fields = needed_fields(a, b);
  while (const auto further = further_field(a, b, fields)) fields.insert(*further);
  return fields;
}

CellRows cell_rows(const std::vector<MatchedCell>& cells, const FieldPlaces& ignored,
                   const std::string& side) {
  Grouped groups = grouped(cells, ignored);
  if (groups.one == nullptr) return std::move(groups.rows);
  std::vector<std::string> names;
  for (const std::size_t place : ignored) names.push_back(cell_field_names()[place]);
  throw std::invalid_argument(fmt::format(
      "{} has two cells for one row and repetition{}: {} and {}", side,
      names.empty() ? "" : fmt::format(" where A and B differ in {}", fmt::join(names, ", ")),
      groups.one->result->cell.key(), groups.other->result->cell.key()));
}

}  // namespace experiments::evidence
