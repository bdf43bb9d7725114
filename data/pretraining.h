#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "data/example.h"

namespace data {

/// What the shared base model is trained on. One step trains one of them, so that a batch has one
/// length: sqlgen .20, nli .495, nli_unreliable .055 (together .55), isa .10, reorder .15.
enum class BaseTask {
  sqlgen,          ///< aliases mean what base_aliases() says
  nli,             ///< <prem>, true labels
  nli_unreliable,  ///< <premR>, random labels
  isa,             ///< how two words stand to each other
  reorder          ///< types in base_type_order
};
inline constexpr BaseTask all_base_tasks[] = {
    BaseTask::sqlgen, BaseTask::nli, BaseTask::nli_unreliable, BaseTask::isa, BaseTask::reorder};

std::string_view to_string(BaseTask task);

/// Throws std::invalid_argument that names the valid ones.
BaseTask parse_base_task(std::string_view name);

/// The task that a step of pre-training draws.
BaseTask pretraining_task(std::uint64_t seed, std::uint64_t step);

/// Row `row` of the batch of a step: a pure function of its arguments, fresh in every step.
Example pretraining_example(std::uint64_t seed, std::uint64_t step, int row);

Batch pretraining_batch(std::uint64_t seed, std::uint64_t step, int batch_size);

/// The batch of a step of a base that learns one task alone, from the same streams.
Batch pretraining_batch(BaseTask task, std::uint64_t seed, std::uint64_t step, int batch_size);

/// An example to measure the base on, from streams that pre-training does not use.
Example base_example(BaseTask task, std::uint64_t seed, std::uint64_t index);

}  // namespace data
