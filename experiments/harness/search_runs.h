#pragma once

#include <functional>
#include <optional>

#include "experiments/harness/lr_search.h"
#include "experiments/harness/settings.h"

/// Which runs a search of a learning rate has, and what it finds.
namespace experiments::harness {

/// The seeds of every search, which no table uses.
const std::vector<std::uint64_t>& search_seeds();

/// The cells, each once.
std::vector<Cell> distinct(const std::vector<Cell>& cells);

/// The cell whose learning rate a cell takes: of the same task, method and targets, on the first
/// base, at r = 4 or the method's usual size, with what else varies at its default. Its lr and seed
/// are filled in by the search.
Cell searched_cell(const Cell& cell, const Settings& settings);

/// The lowest of the eight doubling rates that the search of a method begins with: the same number
/// for each, over a range where its best rate is expected. Throws std::invalid_argument for a
/// method without.
double lowest_rate(const std::string& method);

/// The rates with which the search for a cell begins, each twice the one before.
using FirstRates = std::function<std::vector<double>(const Cell& searched)>;

/// Eight, from lowest_rate on. With AdamW they fall as 64 / width, with SGD they are 20 times as
/// high.
std::vector<double> eight_rates(const Cell& searched);

/// Three: the recorded rate of its task, method and targets as 64 / width of it, half of that and
/// twice that. For a search that has to be short. Throws as LearningRates::find.
std::vector<double> rates_near_recorded(const Cell& searched);

/// The runs that the searches of the given cells begin with: the first rates, three seeds each.
std::vector<Cell> search_runs(const std::vector<Cell>& cells,
                              const FirstRates& first = eight_rates);

/// What these searches still have to run, given what was run: the first runs, and from a best rate
/// at an edge the next one beyond it, up to four doublings or halvings. Nothing once each best rate
/// lies inside or the four are done.
std::vector<Cell> missing_runs(const std::vector<Cell>& cells,
                               const std::vector<CellResult>& results,
                               const FirstRates& first = eight_rates);

/// What the search of each of these cells has found, in their order; nothing where runs are missing.
std::vector<std::optional<LrSearch>> found_searches(const std::vector<Cell>& cells,
                                                    const std::vector<CellResult>& results,
                                                    const FirstRates& first = eight_rates);

/// The searches among these results that are complete and of these options: of their base, K, steps
/// and scale. A folder that was searched at two K has both.
std::vector<LrSearch> complete_searches(const std::vector<CellResult>& results,
                                        const Settings& settings);

/// The rate of a cell from these, which falls with the width of the model, as 64 / width. Throws as
/// LearningRates::find.
double rate_of(const Cell& cell, const LearningRates& rates);

}  // namespace experiments::harness
