#pragma once

#include "experiments/harness/results.h"
#include "experiments/harness/search_runs.h"

namespace experiments::harness {

/// Searches the learning rate of each of the given cells, each once, on validation examples, in
/// OUT/learning-rates, with missing_runs. Where a best rate stays at an edge, the choice says so
/// (LrChoice::Edge). With Start::resume what an earlier search left there is used. Writes the
/// record of complete_searches() to OUT/learning-rates/learning_rates.json. A shard has whole
/// searches, since their later runs follow from the earlier; it throws NotReady, and PartDone.
LearningRates search_rates(const std::vector<Cell>& cells, Lab& lab, Start start = Start::resume);

/// Searches the learning rate of each of these cells by itself, whatever tells it from the others,
/// with eight_rates and the seeds of search_rates on a base of its own, in OUT/<folder>; in the
/// order of the cells. A shard searches nothing: NotReady where one is missing.
std::vector<LrSearch> search_each(const std::vector<Cell>& cells, const std::string& folder,
                                  Lab& lab);

/// Gives every cell that trains and has no learning rate (lr = 0) that of its task, method and
/// targets: the recorded one, or with settings.search the one found in OUT/learning-rates, where
/// what is missing is searched first; a shard searches nothing, NotReady where one is missing. As
/// in pre-training it falls with the width of the model, as 64 / width. Throws Stopped, and
/// std::invalid_argument where nothing is recorded.
void set_learning_rates(std::vector<Cell>& cells, Lab& lab);

/// The cells whose rates set_own_rates searches, of cells that name none: one for all that differ in
/// seed and base seed alone, on the base seed of the first.
std::vector<Cell> own_searched_cells(const std::vector<Cell>& cells);

/// Gives every cell that trains and has no learning rate that of a search of its own, for
/// own_searched_cells in OUT/<folder>, which begins with rates_near_recorded. So each row has the
/// rate that is best for it, and every row is searched alike.
void set_own_rates(std::vector<Cell>& cells, const std::string& folder, Lab& lab);

/// The rates of these cells for a shard, which starts no search: what is there of them in
/// OUT/learning-rates. Throws NotReady that names what is missing, ResultsError.
LearningRates searched_rates(const std::vector<Cell>& cells, const Settings& settings);

}  // namespace experiments::harness
