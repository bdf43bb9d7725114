#include "data/pretraining.h"

#include <fmt/format.h>

#include <stdexcept>

#include "data/nli.h"
#include "data/reorder.h"
#include "data/sqlgen.h"

namespace data {
namespace {

// Any meaning may occur (no split): what pre-training teaches differs from what is adapted to in
// the answers, so a meaning met here gives no answer away there.
Example draw(BaseTask task, autograd::Random& stream) {
  switch (task) {
    case BaseTask::sqlgen:
      return sqlgen_example(stream, std::nullopt, std::nullopt);
    case BaseTask::nli:
      return nli_example(stream, Prefix::reliable, std::nullopt);
    case BaseTask::nli_unreliable:
      return nli_example(stream, Prefix::unreliable, std::nullopt);
    case BaseTask::isa:
      return isa_example(stream);
    case BaseTask::reorder:
      return reorder_example(stream, base_type_order, std::nullopt);
  }
  throw std::invalid_argument(
      fmt::format("no base task has the number {}", static_cast<int>(task)));
}

}  // namespace

std::string_view to_string(BaseTask task) {
  switch (task) {
    case BaseTask::sqlgen:
      return "sqlgen";
    case BaseTask::nli:
      return "nli";
    case BaseTask::nli_unreliable:
      return "nli_unreliable";
    case BaseTask::isa:
      return "isa";
    case BaseTask::reorder:
      return "reorder";
  }
  throw std::invalid_argument(
      fmt::format("no base task has the number {}", static_cast<int>(task)));
}

BaseTask parse_base_task(std::string_view name) {
  std::string valid;
  for (const BaseTask task : all_base_tasks) {
    if (name == to_string(task)) return task;
    valid += fmt::format("{}{}", valid.empty() ? "" : ", ", to_string(task));
  }
  throw std::invalid_argument(fmt::format("unknown base task '{}'; valid are {}", name, valid));
}

BaseTask pretraining_task(std::uint64_t seed, std::uint64_t step) {
  autograd::Random stream(seed, fmt::format("data.pretraining.{}", step));
  const double u = stream.uniform();
  if (u < 0.20) return BaseTask::sqlgen;
  if (u < 0.75) return stream.chance(0.9) ? BaseTask::nli : BaseTask::nli_unreliable;
  return u < 0.85 ? BaseTask::isa : BaseTask::reorder;
}

static Example draw_row(BaseTask task, std::uint64_t seed, std::uint64_t step, int row) {
  autograd::Random stream(seed, fmt::format("data.pretraining.{}.{}", step, row));
  return draw(task, stream);
}

Example pretraining_example(std::uint64_t seed, std::uint64_t step, int row) {
  return draw_row(pretraining_task(seed, step), seed, step, row);
}

Batch pretraining_batch(BaseTask task, std::uint64_t seed, std::uint64_t step, int batch_size) {
  std::vector<Example> rows;
  for (int row = 0; row < batch_size; ++row) rows.push_back(draw_row(task, seed, step, row));
  return make_batch(rows);
}

Batch pretraining_batch(std::uint64_t seed, std::uint64_t step, int batch_size) {
  return pretraining_batch(pretraining_task(seed, step), seed, step, batch_size);
}

Example base_example(BaseTask task, std::uint64_t seed, std::uint64_t index) {
  autograd::Random stream(seed, fmt::format("data.base.{}.{}", to_string(task), index));
  return draw(task, stream);
}

}  // namespace data
