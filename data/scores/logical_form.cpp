#include "data/scores/logical_form.h"

#include <fmt/format.h>

#include <set>
#include <stdexcept>
#include <string>
#include <tuple>

#include "data/scores/text.h"

namespace data::scores {
namespace {

std::set<std::tuple<std::size_t, std::size_t, std::string>> condition_set(
    const readers::Query& query) {
  std::set<std::tuple<std::size_t, std::size_t, std::string>> conditions;
  for (const readers::Condition& condition : query.conditions)
    conditions.emplace(condition.column, condition.comparison, lower_case(condition.value));
  return conditions;
}

}  // namespace

bool same_logical_form(const readers::Query& gold, const readers::Query& predicted) {
  return gold.column == predicted.column && gold.aggregate == predicted.aggregate &&
         condition_set(gold) == condition_set(predicted);
}

double logical_form_accuracy(const std::vector<readers::Query>& gold,
                             const std::vector<std::optional<readers::Query>>& predicted) {
  if (gold.empty() || gold.size() != predicted.size())
    throw std::invalid_argument(
        fmt::format("{} queries and {} predictions, where one of each question is wanted",
                    gold.size(), predicted.size()));
  std::size_t right = 0;
  for (std::size_t i = 0; i < gold.size(); ++i)
    if (predicted[i] && same_logical_form(gold[i], *predicted[i])) ++right;
  return static_cast<double>(right) / static_cast<double>(gold.size());
}

}  // namespace data::scores
