#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "experiments/training/cell.h"
#include "experiments/training/pretrain.h"

namespace experiments::harness {

/// The bases that cells adapt, each made once and kept in a folder: by seed, by architecture, by
/// width (d_model, with heads of 16 and an MLP of four times the width, or hidden units), by depth,
/// by the steps of its pre-training, and by what it was pre-trained on, or as it was initialised.
class Bases {
 public:
  /// `steps` are those of every base whose cell names none.
  Bases(std::filesystem::path folder, long steps) : folder_(std::move(folder)), steps_(steps) {}

  /// Makes the base of this cell if it is not there yet, with a progress bar on standard error.
  /// Throws as base_with_progress does; does nothing for a cell without one (has_own_base). Called
  /// before a sweep, from one thread.
  void prepare(const Cell& cell);

  /// The same for all these cells, up to `jobs` bases beside each other.
  void prepare(const std::vector<Cell>& cells, int jobs);

  /// Whether prepare has nothing to train for this cell.
  bool is_made(const Cell& cell) const;

  /// The base of this cell, which was prepared; throws std::logic_error otherwise.
  const Base& of(const Cell& cell) const;

 private:
  using Key = std::tuple<std::uint64_t, std::string, int, int, long, std::string>;
  std::filesystem::path folder_;
  long steps_;
  std::map<Key, Base> bases_;
};

/// ensure_base with a progress bar on standard error, stopped by SIGINT and SIGTERM. What is about
/// to be trained, and how long that will take, is said first.
Base base_with_progress(const BaseConfig& config, const std::filesystem::path& folder);

/// ", width 128, depth 3" of a base that is not the usual one, otherwise "".
std::string shape_text(const BaseConfig& config);

/// How the pre-trained base of a cell is made; `steps` (the most, where it is trained until it
/// answers) where the cell names none.
BaseConfig base_of_cell(const Cell& cell, long steps);

}  // namespace experiments::harness
