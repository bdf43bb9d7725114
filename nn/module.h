#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "autograd/random.h"
#include "autograd/tape.h"

namespace nn::inline LOWRANK_PRECISION {

using autograd::Index;
using autograd::Matrix;
using autograd::Parameter;
using autograd::Random;
using autograd::Scalar;
using autograd::Shape;
using autograd::Tape;
using autograd::Tensor;
using autograd::Var;

/// One forward pass: the tape to record on, and the stream dropout draws from. No stream, no
/// dropout: evaluation differs from training by what is passed in, not by a mode some module is
/// left in.
struct Pass {
  Tape& tape;
  Random* dropout_stream = nullptr;
};

struct Projection;

/// A part of a model. The parts form a tree, and one walk over it gives names
/// (blocks.0.attn.q.weight), counts, freezing, saving and zeroing.
struct Module {
  using Visitor = std::function<void(const std::string& name, Parameter& parameter)>;
  using SlotVisitor =
      std::function<void(const std::string& name, std::unique_ptr<Projection>& slot)>;

  virtual ~Module() = default;

  /// Calls fn for every parameter, in a fixed order, with its full name under `prefix`.
  virtual void visit(const std::string& prefix, const Visitor& fn) = 0;

  /// Calls fn for every place that holds a projection; what is there may be replaced by a wrapper.
  virtual void visit_slots(const std::string& prefix, const SlotVisitor& fn) {
    (void)prefix, (void)fn;
  }
};

/// A map of rows, (..,in) -> (..,out), that another one may wrap: where LoRA goes.
struct Projection : Module {
  virtual Var forward(const Pass& pass, Var x) = 0;
  virtual Index in_features() const = 0;
  virtual Index out_features() const = 0;
};

/// "prefix.name", or "name" under an empty prefix.
std::string join(const std::string& prefix, const std::string& name);

std::vector<Parameter*> parameters(Module& module);
std::vector<Parameter*> trainable_parameters(Module& module);

/// Writes into each parameter the name the walk gives it. Called when a model is built and again
/// when a part of it is wrapped, so that a debugger, a dump and an error show today's name.
void name_parameters(Module& module);

void set_trainable(Module& module, bool trainable);

/// Number of elements.
Index count(const std::vector<Parameter*>& parameters);

}  // namespace nn::inline LOWRANK_PRECISION
