#pragma once

#include "nn/model.h"
#include "nn/models/weights.h"

/// What the architectures in this folder have in common: models that were trained elsewhere, under
/// the names of their checkpoints.
namespace nn::inline LOWRANK_PRECISION {

/// Keys and values of positions that were read before, so that they need not be computed again.
struct KeyValues {
  std::vector<Tensor> keys, values;  ///< of each layer, (B,length,C)
  Index length = 0;

  /// Row b becomes what row rows[b] was, as where some continuations are dropped and others go on.
  void take_rows(std::span<const int> rows);
};

/// B rows of T positions, row after row.
struct Inputs {
  Index B = 0, T = 0;
  std::vector<int> ids = {};             ///< (B,T)
  std::vector<unsigned char> mask = {};  ///< (B,T), 0 where an id is padding; empty: none is
  std::vector<int> types = {};           ///< (B,T), which sentence each belongs to; empty: 0
  /// What they go on from, and what theirs are appended to: for causal models, without a mask and on
  /// tapes of values.
  KeyValues* past = nullptr;
};

/// What a model says of its last state.
enum class Head {
  none,
  causal,      ///< the logits (n,V) of the id that follows each position
  masked,      ///< the logits (n,V) of the id at each position
  classifier,  ///< the logits (n,labels) of the row that each position is in
};
std::string to_string(Head head);

struct Sizes {
  Index vocabulary = 0;  ///< V
  Index positions = 0;   ///< the longest T
  Index width = 0;       ///< C
  Index layers = 0;
  Index types = 0;   ///< of tokens; 0: the model knows none
  Index labels = 0;  ///< of a classifier
  /// P: ids from V to V + P - 1 are rows of a trained prompt, which stand before what is read.
  Index prompt = 0;
};

struct Pretrained : Model {
  Head head = Head::none;
  Sizes sizes;
  StoredParameters stored;  ///< what each parameter is in a checkpoint, by its name

  /// The states of the model: (B,T,C) behind the embeddings, behind each layer but the last, and
  /// behind the last layer and the final norm, if there is one. Only the last is returned, and all
  /// are appended to `all` where it is given. Throws as check(inputs).
  Var hidden(const Pass& pass, const Inputs& inputs, std::vector<Var>* all = nullptr);

  /// What the head says at n positions, given the last state (B,T,C). Throws std::logic_error where
  /// there is no head.
  virtual Var read_out(const Pass& pass, const Inputs& inputs, Var last,
                       std::span<const int> positions) = 0;

  Var logits(const Pass& pass, const Tokens& tokens, std::span<const int> positions) final;

  void visit(const std::string& prefix, const Visitor& fn) final { parts.visit(prefix, fn); }
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) final {
    parts.visit_slots(prefix, fn);
  }
  void visit_tables(const TableVisitor& fn) { parts.visit_tables(fn); }  ///< the words' comes first

  Index vocabulary() const final { return sizes.vocabulary; }
  Index context() const final { return sizes.positions - sizes.prompt; }

  /// Throws std::invalid_argument for an id or a type that is out of range, more positions than the
  /// model has, or a past beside a mask; autograd::ShapeError for vectors of other sizes.
  virtual void check(const Inputs& inputs) const;

 protected:
  Parts parts;
  void built(const Weights& weights);  ///< the end of a constructor: names and `stored`
  std::logic_error no_head() const;
  virtual Var embed(const Pass& pass, const Inputs& inputs) = 0;
  virtual Var layer(Index i, const Pass& pass, Var x, const Inputs& inputs) = 0;
  virtual Var finish(const Pass& pass, Var x) { return (void)pass, x; }
};

/// The inputs with the model's prompt before each row, as (B,P+T), in which its rows have the type 0;
/// without one, as they are. As PEFT has it, a causal model then has no types. `logits` does this
/// itself. Throws std::invalid_argument for an id that the prompt has.
Inputs with_prompt(const Pretrained& model, const Inputs& inputs);

/// The mean cross-entropy of what the head says. Labels are (B,T), or (B) for a classifier, and
/// negative where nothing is to be said; those of a causal model are what stands at each position,
/// which the position before predicts. Throws std::invalid_argument for labels that are too many,
/// too large or all negative.
Var loss(const Pass& pass, Pretrained& model, const Inputs& inputs, Var last,
         std::span<const int> labels);

/// Keys and values (B,T,C) of layer i, behind those of the past.
struct KeysAndValues {
  Var keys, values;
};
KeysAndValues after_past(const Pass& pass, const Inputs& inputs, Index i, KeysAndValues here);

/// The position of each id in its row, behind the past: (B*T).
std::vector<int> places(const Inputs& inputs);
/// (B*T,C) -> (B,T,C).
Var in_rows(Var x, const Inputs& inputs);

}  // namespace nn::inline LOWRANK_PRECISION
