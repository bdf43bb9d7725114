#pragma once

#include "experiments/harness/study.h"

namespace experiments {

/// The cell whose learning rate a cell takes: of the same task, method and targets, on the first
/// base, at r = 4 or the method's usual size, with what else varies at its default. Its lr and seed
/// are filled in by the search.
Cell searched_cell(const Cell& cell, const StudyOptions& options);

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
                                        const StudyOptions& options);

/// Searches the learning rate of each of the given cells, each once, on validation examples, in
/// OUT/learning-rates, with missing_runs. Where a best rate stays at an edge, the choice says so
/// (LrChoice::Edge). With Start::resume what an earlier search left there is used. Writes the
/// record of complete_searches() to OUT/learning-rates/learning_rates.json. Nothing where the
/// search was stopped. A shard has whole searches, since their later runs follow from the earlier;
/// it throws NotReady and PartDone as in run_study.
LearningRates search_rates(const std::vector<Cell>& cells, const StudyOptions& options,
                           Bases& bases, Progress& progress,
                           ResultsFolder::Start start = ResultsFolder::Start::resume);

/// The rates of these cells for a shard, which starts no search: what is there of them in
/// OUT/learning-rates. Throws NotReady that names what is missing, ResultsError.
LearningRates searched_rates(const std::vector<Cell>& cells, const StudyOptions& options);

/// What a cell is expected to take on one core of a current machine; the sweep corrects it as it
/// goes.
double expected_seconds(const Cell& cell);

/// How many times longer a training step takes here than where expected_seconds was measured: three
/// rounds of a LoRA step on one thread, in all about a tenth of a second.
double slowness();

/// Expected peak memory of one cell: a copy of the model and a step's tensors.
constexpr std::size_t bytes_per_cell = 40'000'000;

}  // namespace experiments
