#include "experiments/training/labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace experiments::training {

nn::Metadata labels(const Cell& cell, const BaseConfig& base) {
  const Cell usual;
  nn::Metadata m{{"task", cell.task},
                 {"method", cell.method},
                 {"seed", fmt::format("{}", cell.seed)},
                 {"lr", fmt::format("{}", cell.lr)},
                 {"steps", fmt::format("{}", cell.steps)},
                 {"examples", fmt::format("{}", cell.examples)},
                 {"base", to_json(base)}};
  if (cell.init_seed != 0) m["init_seed"] = fmt::format("{}", cell.init_seed);
  if (cell.data_seed != 0) m["data_seed"] = fmt::format("{}", cell.data_seed);
  if (cell.facts > 0) m["facts"] = fmt::format("{}", cell.facts);
  if (cell.size > 0) m["size"] = fmt::format("{}", cell.size);
  if (!cell.blocks.empty()) m["blocks"] = fmt::format("{}", fmt::join(cell.blocks, ","));
  if (cell.optimizer != usual.optimizer) m["optimizer"] = cell.optimizer;
  if (cell.labels != usual.labels) m["labels"] = cell.labels;
  if (cell.rounding != usual.rounding) m["rounding"] = cell.rounding;
  if (cell.lr_ratio != usual.lr_ratio) m["lr_ratio"] = fmt::format("{}", cell.lr_ratio);
  return m;
}

}  // namespace experiments::training
