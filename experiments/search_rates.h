#pragma once

#include <optional>

#include "experiments/progress.h"
#include "experiments/table6.h"

namespace experiments {

/// Searches the learning rate of each of the given cells (their lr and seed are filled in here) on
/// validation examples, in OUT/learning-rates: eight rates, three seeds that no table uses. Writes
/// the record to OUT/learning-rates/learning_rates.json. Nothing where the search was stopped.
std::optional<LearningRates> search_rates(const std::vector<Cell>& cells, const Base& base,
                                          const Table6Options& options, Progress& progress);

/// What a cell is expected to take on one core of a current machine; the sweep corrects it as it
/// goes.
double expected_seconds(const Cell& cell);

/// Expected peak memory of one cell: a copy of the model and a step's tensors.
constexpr std::size_t bytes_per_cell = 40'000'000;

}  // namespace experiments
