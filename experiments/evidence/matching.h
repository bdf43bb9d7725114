#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "experiments/evidence/paired.h"

/// Which cells of two sets belong together; comparison.h says by what rule.
namespace experiments::evidence {

/// A finished cell with its fields as texts, in the order of cell_fields.h.
struct MatchedCell {
  const CellResult* result;
  std::vector<std::string> fields;

  Repetition repetition() const { return {result->cell.base_seed, result->cell.seed}; }
};
std::vector<MatchedCell> cells_to_match(const std::vector<CellResult>& results);

/// The places of fields in that order.
using FieldPlaces = std::set<std::size_t>;

const std::vector<std::string>& cell_field_names();
FieldPlaces field_places(const std::set<std::string>& names);

/// Numbers by their size, before other texts.
struct ByNumber {
  bool operator()(const std::string& a, const std::string& b) const;
  bool operator()(const std::vector<std::string>& a, const std::vector<std::string>& b) const;
};

/// The cells of one row by repetition, and the rows by the fields that count.
using CellsOfRow = std::map<Repetition, const MatchedCell*>;
using CellRows = std::map<std::vector<std::string>, CellsOfRow>;

/// The fields that differ between A and B, as places. Throws
/// std::invalid_argument where no task is in both.
FieldPlaces differing_fields(const std::vector<MatchedCell>& a, const std::vector<MatchedCell>& b);

/// Rows by all fields but these and the seeds. Throws std::invalid_argument that names both cells,
/// and the `side` whose they are, where two are of one row and repetition.
CellRows cell_rows(const std::vector<MatchedCell>& cells, const FieldPlaces& ignored,
                   const std::string& side);

}  // namespace experiments::evidence
