#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "experiments/training/cell.h"
#include "lora/methods/method.h"
#include "nn/files/json.h"

namespace experiments::training {

namespace {

[[noreturn]] void refuse_cell(const Cell& cell, const std::string& what) {
  throw std::invalid_argument(fmt::format("{} (cell: {})", what, nn::plain(cell.key())));
}

void check_is_one_of(const Cell& cell, const char* what, const std::string& value, auto... valid) {
  if (((value != valid) && ...))
    refuse_cell(cell, fmt::format("unknown {} {}; valid: {}", what, nn::printable(value),
                                  fmt::join(std::vector<std::string>{valid...}, ", ")));
}

// A student of a teacher with a planted change of rank `size`, which may be 0.
bool is_student(const Cell& cell) { return cell.method == "student"; }

// The networks that are not the decoder have no place for most methods.
void check_architecture_of(const Cell& cell) {
  check_is_one_of(cell, "architecture", cell.architecture, "decoder", "lstm", "gru");
  if (cell.architecture != "decoder")
    check_is_one_of(cell, "method of a recurrent base", cell.method, "frozen", "full", "lora");
}

void check_base_of(const Cell& cell) {
  check_is_one_of(cell, "base", cell.base, "pretrained", "sqlgen", "random", "model");
  if (has_own_base(cell)) check_architecture_of(cell);
  if (cell.width < 1) refuse_cell(cell, fmt::format("width {} is below 1", cell.width));
  if (cell.depth < 1) refuse_cell(cell, fmt::format("depth {} is below 1", cell.depth));
  if (cell.base_steps < 0)
    refuse_cell(cell, fmt::format("base_steps {} is below 0", cell.base_steps));
  if (cell.base == "random" && cell.base_steps != 0)
    refuse_cell(cell, fmt::format("a random base has no steps, but {} are given", cell.base_steps));
}

// The method that the cell names; null for one that only cells have.
const lora::Method* method_of(const Cell& cell) {
  if (cell.method == "frozen" || cell.method == "subspace" || is_student(cell)) return nullptr;
  std::string names = "frozen";
  for (const lora::Method* m : lora::all_methods()) {
    if (cell.method == m->name) return m;
    names += fmt::format(", {}", m->name);
  }
  refuse_cell(cell, fmt::format("unknown method {}; valid: {}, subspace, student",
                                nn::printable(cell.method), names));
}

void check_size_of(const Cell& cell, const char* size_is) {
  if (size_is && cell.size < 1)
    refuse_cell(cell,
                fmt::format("size {} ({} of {}) is below 1", cell.size, size_is, cell.method));
  if (!size_is && cell.size != 0)
    refuse_cell(cell, fmt::format("{} has no size, but {} is given", cell.method, cell.size));
}

void check_blocks_of(const Cell& cell) {
  std::set<int> seen;
  for (const int block : cell.blocks) {
    if (block < 0 || block >= cell.depth)
      refuse_cell(cell,
                  fmt::format("there is no block {}; there are 0..{}", block, cell.depth - 1));
    if (!seen.insert(block).second)
      refuse_cell(cell, fmt::format("block {} is named twice", block));
  }
  if (cell.blocks.empty()) return;
  for (const std::string& target : cell.targets)
    if (target.starts_with("blocks."))
      refuse_cell(cell, fmt::format("target {} names its block already", nn::printable(target)));
}

void check_lora_of(const Cell& cell) {
  if (cell.targets.empty()) refuse_cell(cell, "LoRA needs at least one target");
  if (cell.rank < 1) refuse_cell(cell, fmt::format("rank {} is below 1", cell.rank));
  check_is_one_of(cell, "scaling", cell.scaling, "alpha/r", "alpha/sqrt(r)");
  check_is_one_of(cell, "initialisation", cell.init, "gaussian", "kaiming-uniform");
  if (!(cell.dropout >= 0 && cell.dropout < 1))
    refuse_cell(cell, fmt::format("dropout {} is not in [0, 1)", cell.dropout));
  if (!(cell.lr_ratio > 0) || !std::isfinite(cell.lr_ratio))
    refuse_cell(cell, fmt::format("lr_ratio {} is no positive number", cell.lr_ratio));
  check_blocks_of(cell);
}

}  // namespace

void check_cell(const Cell& cell) {
  if (cell.task.empty()) refuse_cell(cell, "a cell needs a task");
  check_base_of(cell);
  check_is_one_of(cell, "optimizer", cell.optimizer, "adamw", "sgd");
  check_is_one_of(cell, "labels", cell.labels, "true", "permuted");
  if (cell.labels != Cell().labels && (cell.method == "frozen" || is_student(cell)))
    refuse_cell(cell, fmt::format("{} is not trained on labels", cell.method));
  check_is_one_of(cell, "rounding", cell.rounding, "usual", "other");
  if (cell.rounding != Cell().rounding && (cell.method == "frozen" || is_student(cell)))
    refuse_cell(cell, fmt::format("{} does not start from other rounding", cell.method));
  const lora::Method* method = method_of(cell);
  if (is_student(cell) && cell.size < 0)
    refuse_cell(cell, fmt::format("planted rank {} is below 0", cell.size));
  if (!is_student(cell))
    check_size_of(cell, method                      ? method->size_is
                        : cell.method == "subspace" ? "dimensions"
                                                    : nullptr);
  if (is_student(cell) || (method && method->has_lora)) return check_lora_of(cell);
  if (!cell.targets.empty() || cell.rank != 0 || cell.dropout != 0)
    refuse_cell(cell,
                fmt::format("only LoRA has targets, a rank and dropout, not {}", cell.method));
  if (!cell.blocks.empty() || cell.lr_ratio != 1)
    refuse_cell(cell, fmt::format("only LoRA has blocks and an lr_ratio, not {}", cell.method));
}

}  // namespace experiments::training
