#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::training {

/// What is run: one training run of a sweep, by everything that tells it from another. A cell holds
/// no outcome. A field that says nothing about a method is left at its default: the frozen base has
/// no learning rate and no steps, and only LoRA has targets, a rank, alpha and a scaling rule.
/// Whoever adds a field lists it in cell_fields.h.
struct Cell {
  std::string task;             ///< "sqlgen", "nli", "reorder"
  std::string method = "lora";  ///< "frozen" (the base as it is), or of lora::all_methods()
  int size = 0;                 ///< of a method that has one: bottleneck, prefix length, ...
  std::vector<std::string>
      targets;                   ///< adapted projections, {"q", "v"} or {"ih", "hh"}, in any order
  std::vector<int> blocks = {};  ///< {0, 1}: the targets in these alone; empty: in all
  int rank = 0;                  ///< r, at least 1 for LoRA
  double alpha = 0;
  std::string scaling;                   ///< "alpha/r" or "alpha/sqrt(r)" for LoRA, else empty
  std::string init = "gaussian";         ///< of LoRA's A
  double dropout = 0;                    ///< on the input of LoRA's A
  std::string optimizer = "adamw";       ///< "adamw", or "sgd" with momentum 0.9
  std::uint64_t seed = 0;                ///< names data, initialisation and order of the adaptation
  std::uint64_t init_seed = 0;           ///< names the initialisation and dropout instead, if not 0
  std::uint64_t data_seed = 0;           ///< names the examples and their order instead, if not 0
  std::uint64_t base_seed = 0;           ///< names the pre-trained base
  std::string base = "pretrained";       ///< on all tasks; "sqlgen": on it alone, until it answers
                                         ///< (UntilAnswered); "random": as pre-training starts;
                                         ///< "model": of another library, in a folder
  std::string architecture = "decoder";  ///< of the base, or "lstm", "gru"; of a model its type
  int width = 64;                        ///< d_model of the base, or its hidden units
  int depth = 2;                         ///< its layers
  long base_steps = 0;                   ///< of its pre-training, or the most; 0: as the run
  int facts = 0;                         ///< K, how many meanings change; 0 for a task without K
  double lr = 0;                         ///< peak learning rate
  double lr_ratio = 1;             ///< LoRA's B learns with so many times the rate of A (LoRA+)
  int steps = 0;                   ///< optimizer steps
  int examples = 0;                ///< size of the training set
  std::string labels = "true";     ///< of the training set, or "permuted" among its examples
  std::string rounding = "usual";  ///< "other": what is trained starts one float higher

  /// What names the initialisation (and dropout), and what the examples and their order.
  std::uint64_t seed_of_init() const { return init_seed != 0 ? init_seed : seed; }
  std::uint64_t seed_of_data() const { return data_seed != 0 ? data_seed : seed; }

  /// The cell in one line, equal for equal cells and different for different ones. Adapters'
  /// folders are named by it, so fields that came later are in it only where they are not at their
  /// default.
  std::string key() const;
};

/// A finished cell. Two runs of the same cell agree in everything but `seconds`.
struct CellResult {
  Cell cell;
  std::string experiment = {};  ///< that trained it; others reuse it
  std::string adapter = {};     ///< its folder in the results, where the adapter was kept
  std::string metric;           ///< what `value` is: "exact_match", "accuracy"
  double value = 0;             ///< on the test set, a fraction in [0, 1]
  double nll = 0;      ///< nats per target token on the test set; infinite or NaN if it diverged
  long trainable = 0;  ///< number of trained parameters
  double seconds = 0;  ///< wall clock
  std::map<std::string, double> more;  ///< further measurements by name, e.g. "train_nll"
};

/// Whether its base is an LSTM or a GRU.
inline bool is_recurrent(const Cell& cell) {
  return cell.architecture == "lstm" || cell.architecture == "gru";
}

/// Whether it adapts a base of ours, which is pre-trained or drawn here.
inline bool has_own_base(const Cell& cell) { return cell.base != "model"; }

/// Throws std::invalid_argument with the cell and what is wrong in it: an unknown method or scaling
/// rule, no task, LoRA without targets or with a rank below 1, any other method with targets, a
/// size where the method has none or none where it has one, a block that the base lacks, a method
/// that a recurrent base does not take.
void check_cell(const Cell& cell);

/// A field of a cell for a table.
struct FieldText {
  std::string name, text;   ///< of a list its elements, with commas between
  bool is_list = false;     ///< it may have none, or several
  bool came_later = false;  ///< when tables without it had been written
};

/// All fields of a cell, in the order of cell_fields.h.
std::vector<FieldText> field_texts(const Cell& cell);

/// {"v", "q"} as "q,v": q, k, v, o, up, down, ih, hh in this order, then the rest by name.
std::string weight_set(std::vector<std::string> targets);

/// One flat object; the order of its fields is that of cell_fields.h. Numbers survive the round
/// trip bit for bit; NaN and the infinities, which JSON lacks, are the strings "nan", "inf" and
/// "-inf".
nlohmann::ordered_json to_json(const CellResult& result);

/// Throws std::invalid_argument that names a missing, superfluous or wrongly typed field. Fields
/// that came later may be missing, and are then at their defaults.
CellResult cell_result_from_json(const nlohmann::ordered_json& object);

}  // namespace experiments::training
