#pragma once

#include <map>

#include "nn/half.h"
#include "nn/models/layers.h"

/// Where the weights of a model come from: a file, a stream of random numbers, or nowhere, to learn
/// which there would be. A model's constructor asks for each by its name in the checkpoint, so what
/// it consists of is written once.
namespace nn::inline LOWRANK_PRECISION {

/// What a parameter is in a checkpoint: the tensor `name` of the given shape, or its transpose, or
/// some rows of that.
struct Stored {
  std::string name;
  Shape shape;              ///< in the checkpoint
  bool transposed = false;  ///< (in,out) there, where the parameter is (out,in)
  Index begin = 0;          ///< the parameter's first row among the (out,..) of the whole
  Index rows = 0;           ///< and how many it has; 0: all
};
using StoredParameters = std::map<std::string, Stored>;  ///< by the parameter's name

/// How the matrices of projections, tables and a head are kept in memory: as what is computed with,
/// or in 16 bits, in which they cannot train.
enum class Frozen { f32, f16, bf16 };
Frozen parse_frozen(std::string_view text);  ///< throws std::invalid_argument naming the valid ones

class Weights {
 public:
  Frozen frozen = Frozen::f32;  ///< of what takes a parameter with take_matrix

  virtual ~Weights() = default;

  Tensor take(const std::string& parameter, const Stored& stored);  ///< its value
  /// Gives `made` its value as `frozen` has it. Throws std::range_error, naming the tensor, for a
  /// value that 16 bits do not hold.
  void take_matrix(Parameter& made, const std::string& parameter, const Stored& stored);
  const StoredParameters& taken() const { return taken_; }

 private:
  /// The tensor of this name as it is stored; may be empty, where only taken() is wanted.
  virtual Tensor read(const std::string& name, const Shape& shape) = 0;

  StoredParameters taken_;
};

/// Knows no weights: what is made of it only says what it would take.
class NoWeights final : public Weights {
  Tensor read(const std::string&, const Shape&) override { return {}; }
};

/// Matrices ~ N(0, stddev²), each from its own stream (seed, name); vectors of weights are 1, as
/// norms begin with, and of biases 0.
class RandomWeights final : public Weights {
 public:
  explicit RandomWeights(std::uint64_t seed, double stddev = 0.02) : seed_(seed), stddev_(stddev) {}

 private:
  Tensor read(const std::string& name, const Shape& shape) override;

  std::uint64_t seed_;
  double stddev_;
};

/// Is called for every place that holds a table of rows, which may be replaced by what stands for it.
using TableVisitor =
    std::function<void(const std::string& name, std::unique_ptr<Embedding>& table)>;

/// The parts of a model under their names, in the order in which they were made.
class Parts {
 public:
  void visit(const std::string& prefix, const Module::Visitor& fn) const;
  void visit_slots(const std::string& prefix, const Module::SlotVisitor& fn) const;
  void visit_tables(const TableVisitor& fn) const;

 private:
  friend class Builder;
  struct Part {
    std::string name;
    Parameter* parameter = nullptr;  // one of the four
    Module* module = nullptr;
    std::unique_ptr<Projection>* slot = nullptr;
    std::unique_ptr<Embedding>* table = nullptr;
  };
  std::vector<Part> parts_;
};

/// Makes the parts of a model of weights and lists them: a line of a constructor for each. What is
/// made must stay where it is, since the list points to it.
class Builder {
 public:
  Builder(Weights& weights, Parts& list, std::string name = "")
      : weights_(weights), list_(list), name_(std::move(name)) {}

  /// For the parts of a part: its names are under that of this one.
  Builder at(const std::string& name) const { return {weights_, list_, join(name_, name)}; }
  const std::string& name() const { return name_; }

  void parameter(Parameter& made, const std::string& name, const Shape& shape);
  /// The same for one that nn::product multiplies by, which may be in 16 bits.
  void matrix(Parameter& made, const std::string& name, const Shape& shape);
  void norm(std::unique_ptr<LayerNorm>& made, const std::string& name, Index size, double eps);
  void norm(std::unique_ptr<RmsNorm>& made, const std::string& name, Index size, double eps);

  /// A table, which LoRA may stand for.
  void table(std::unique_ptr<Embedding>& made, const std::string& name, Index rows, Index cols);
  /// A linear layer, which LoRA may wrap.
  void slot(std::unique_ptr<Projection>& made, const std::string& name, Index in, Index out,
            bool bias = true);
  /// The same of tensors that have other forms in the checkpoint, or names: full ones.
  void slot(std::unique_ptr<Projection>& made, const std::string& name, const Stored& weight,
            const Stored& bias);

 private:
  Weights& weights_;
  Parts& list_;
  std::string name_;
};

}  // namespace nn::inline LOWRANK_PRECISION
