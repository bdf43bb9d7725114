#pragma once

#include <optional>
#include <vector>

#include "data/readers/sql.h"

namespace data::scores {

/// Whether two queries are the same by the rule of WikiSQL's evaluator of today: column and
/// aggregate are equal, and so are the sets of conditions, in any order and without regard to one
/// that is written twice. A condition is its column, its comparison and its value as text in lower
/// case: the number 3 and the text "3" are equal, "3" and "3.0" are not.
bool same_logical_form(const readers::Query& gold, const readers::Query& predicted);

/// The share of questions whose query was predicted. What was predicted may be no query, which is
/// wrong. Throws std::invalid_argument where the numbers differ, or there are none.
double logical_form_accuracy(const std::vector<readers::Query>& gold,
                             const std::vector<std::optional<readers::Query>>& predicted);

}  // namespace data::scores
