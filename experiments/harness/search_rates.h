#pragma once

#include "experiments/harness/lr_search.h"
#include "experiments/harness/results.h"
#include "experiments/harness/settings.h"

namespace experiments::harness {

/// The cell whose learning rate a cell takes: of the same task, method and targets, on the first
/// base, at r = 4 or the method's usual size, with what else varies at its default. Its lr and seed
/// are filled in by the search.
Cell searched_cell(const Cell& cell, const Settings& settings);

/// The lowest of the eight doubling rates that the search of a method begins with: the same number
/// for each, over a range where its best rate is expected. Throws std::invalid_argument for a
/// method without.
double lowest_rate(const std::string& method);

/// The runs that the searches of the given cells begin with: eight rates, three seeds that no table
/// uses.
std::vector<Cell> search_runs(const std::vector<Cell>& cells);

/// What these searches still have to run, given what was run: the first runs, and from a best rate
/// at an edge the next one beyond it, up to four doublings or halvings. Nothing once each best rate
/// lies inside or the four are done.
std::vector<Cell> missing_runs(const std::vector<Cell>& cells,
                               const std::vector<CellResult>& results);

/// The searches among these results that are complete and of these options: of their base, K, steps
/// and scale. A folder that was searched at two K has both.
std::vector<LrSearch> complete_searches(const std::vector<CellResult>& results,
                                        const Settings& settings);

/// Searches the learning rate of each of the given cells, each once, on validation examples, in
/// OUT/learning-rates, with missing_runs. Where a best rate stays at an edge, the choice says so
/// (LrChoice::Edge). With Start::resume what an earlier search left there is used. Writes the
/// record of complete_searches() to OUT/learning-rates/learning_rates.json. A shard has whole
/// searches, since their later runs follow from the earlier; it throws NotReady, and PartDone.
LearningRates search_rates(const std::vector<Cell>& cells, Lab& lab, Start start = Start::resume);

/// Searches the learning rate of each of these cells by itself, whatever tells it from the others,
/// with the rates and seeds of search_rates on a base of its own, in OUT/<folder>; in the order of
/// the cells. With AdamW the first rates fall as 64 / width, with SGD they are 20 times as high. A
/// shard searches nothing: NotReady where one is missing.
std::vector<LrSearch> search_each(const std::vector<Cell>& cells, const std::string& folder,
                                  Lab& lab);

/// Gives every cell that trains and has no learning rate (lr = 0) that of its task, method and
/// targets: the recorded one, or with settings.search the one found in OUT/learning-rates, where
/// what is missing is searched first; a shard searches nothing, NotReady where one is missing. As
/// in pre-training it falls with the width of the model, as 64 / width. Throws Stopped, and
/// std::invalid_argument where nothing is recorded.
void set_learning_rates(std::vector<Cell>& cells, Lab& lab);

/// The rate of a cell from these, as set_learning_rates has it. Throws as LearningRates::find.
double rate_of(const Cell& cell, const LearningRates& rates);

/// The rates of these cells for a shard, which starts no search: what is there of them in
/// OUT/learning-rates. Throws NotReady that names what is missing, ResultsError.
LearningRates searched_rates(const std::vector<Cell>& cells, const Settings& settings);

}  // namespace experiments::harness
