#pragma once

#include <type_traits>

#include "experiments/training/cell.h"

namespace experiments::training {

/// What of a field is written. One that came after others had been written is left out where it is
/// at its default: the keys and the files of before then still say what they said.
enum class Written { always, unless_default };

/// Calls each(name, member, written) for every field of a cell and of its result, in the order of
/// the JSON. It is the one list of them: what is done with all fields (the key, reading and writing
/// JSON, the columns of tables) goes through it.
template <class Each>
void each_field(const Each& each) {
  using enum Written;
  each("experiment", &CellResult::experiment, always);
  each("adapter", &CellResult::adapter, unless_default);
  each("task", &Cell::task, always);
  each("method", &Cell::method, always);
  each("size", &Cell::size, always);
  each("targets", &Cell::targets, always);
  each("blocks", &Cell::blocks, unless_default);
  each("rank", &Cell::rank, always);
  each("alpha", &Cell::alpha, always);
  each("scaling", &Cell::scaling, always);
  each("init", &Cell::init, always);
  each("dropout", &Cell::dropout, always);
  each("optimizer", &Cell::optimizer, always);
  each("seed", &Cell::seed, always);
  each("init_seed", &Cell::init_seed, unless_default);
  each("data_seed", &Cell::data_seed, unless_default);
  each("base_seed", &Cell::base_seed, always);
  each("base", &Cell::base, always);
  each("width", &Cell::width, always);
  each("depth", &Cell::depth, unless_default);
  each("base_steps", &Cell::base_steps, unless_default);
  each("facts", &Cell::facts, always);
  each("lr", &Cell::lr, always);
  each("lr_ratio", &Cell::lr_ratio, unless_default);
  each("metric", &CellResult::metric, always);
  each("value", &CellResult::value, always);
  each("nll", &CellResult::nll, always);
  each("trainable", &CellResult::trainable, always);
  each("steps", &Cell::steps, always);
  each("examples", &Cell::examples, always);
  each("labels", &Cell::labels, unless_default);
  each("rounding", &Cell::rounding, unless_default);
  each("architecture", &Cell::architecture, unless_default);
  each("seconds", &CellResult::seconds, always);
  each("more", &CellResult::more, always);
}

/// The same for the fields of a cell alone.
template <class Each>
void each_cell_field(const Each& each) {
  each_field(
      [&]<class Owner, class Value>(const char* name, Value Owner::*member, Written written) {
        if constexpr (std::is_same_v<Owner, Cell>) each(name, member, written);
      });
}

/// A field of a result, const or not, or of its cell.
template <class Value>
auto& field_of(auto& result, Value Cell::*member) {
  return result.cell.*member;
}
template <class Value>
auto& field_of(auto& result, Value CellResult::*member) {
  return result.*member;
}

/// Targets and blocks as lists in one order, that of the model.
std::vector<std::string> in_model_order(std::vector<std::string> targets);
std::vector<int> in_model_order(std::vector<int> blocks);

}  // namespace experiments::training
