#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "experiments/bench/bench_step.h"

namespace experiments::bench {

/// Inputs for one operation: each is drawn once and is a leaf that trains, so that backward
/// computes every gradient there is.
class OpInputs {
 public:
  OpInputs(autograd::Tape& tape, const BenchShape& shape) : tape_(tape), shape(shape) {}

  /// The leaf of that name, uniform from 1/2 to 3/2: log, sqrt and divide take any of them.
  autograd::Var operator()(const std::string& name, autograd::Shape of);
  /// (M,C), what most operations see
  autograd::Var x(const std::string& name = "x") { return (*this)(name, {rows(), shape.C}); }
  /// (M,V)
  autograd::Var logits(const std::string& name = "x") { return (*this)(name, {rows(), shape.V}); }
  /// M ids below V
  const std::vector<int>& ids();
  nn::Index rows() const { return shape.B * shape.T; }

 private:
  autograd::Tape& tape_;
  std::map<std::string, std::unique_ptr<autograd::Parameter>> parameters_;
  std::vector<int> ids_;

 public:
  const BenchShape& shape;
};

struct OpCase {
  const char* name;
  autograd::Var (*run)(OpInputs& in);
};

/// One for each operation, in the order of ops.h.
const std::vector<OpCase>& op_cases();

}  // namespace experiments::bench
