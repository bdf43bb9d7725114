#pragma once

#include <span>

#include "nn/layers.h"

/// Recurrent networks as PyTorch computes them. B rows of at most T steps, I inputs, H hidden units.
namespace nn::inline LOWRANK_PRECISION {

enum class RecurrentKind { lstm, gru };
std::string to_string(RecurrentKind kind);  ///< "lstm" or "gru"
inline Index gates(RecurrentKind kind) { return kind == RecurrentKind::lstm ? 4 : 3; }

struct RecurrentConfig {
  RecurrentKind kind = RecurrentKind::lstm;
  Index inputs = 1, hidden = 1, layers = 1;  ///< I, H and how many are stacked
};

/// What each layer hands from step to step, (B,H); c is an LSTM's, and empty in a GRU.
struct RecurrentState {
  std::vector<Var> h, c;
};

struct RecurrentOutput {
  Var y;                 ///< (B,T,H): the last layer's h after each step, 0 behind a row's end
  RecurrentState state;  ///< after each row's own last step
};

/// A stack of LSTM or GRU layers in one direction, each reading what the one below it wrote.
///
/// Layer k has two slots: ih_l{k} (g H, I or H) for what it reads, and hh_l{k} (g H, H) for its own
/// h. The g gates are stacked, i f g o in an LSTM and r z n in a GRU, so that LoRA has one A (r,in)
/// and one B (g H,r) for all of them. A parameter is named by its slot (ih_l0.weight), as wrapping,
/// fingerprints and adapters expect; pytorch_name() gives the name in PyTorch's files.
struct Recurrent final : Module {
  struct Layer {
    std::unique_ptr<Projection> ih, hh;
  };
  const RecurrentConfig config;
  std::vector<Layer> layers;

  /// Weights and biases ~ U(-1/√H, 1/√H), as PyTorch's, each from the stream (seed, name + its own).
  /// Throws std::invalid_argument where a size is below 1.
  Recurrent(const RecurrentConfig& config, std::uint64_t seed, const std::string& name = "");

  /// Of row b of x (B,T,I) the first lengths[b] steps are read; no lengths: all T. The layers start
  /// from `initial`, of which an empty list stands for zeros. Throws std::invalid_argument unless
  /// there are B lengths in 1 .. T, autograd::ShapeError for another x or state.
  RecurrentOutput forward(const Pass& pass, Var x, std::span<const int> lengths = {},
                          const RecurrentState& initial = {});

  void visit(const std::string& prefix, const Visitor& fn) override {
    visit_slots(prefix, [&](const std::string& name, auto& slot) { slot->visit(name, fn); });
  }
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override;
};

/// PyTorch's name of a parameter, weight_ih_l0 of ih_l0.weight, also where LoRA wraps it and it is
/// ih_l0.base.weight; what stands before it stays. Of any other name, such as ih_l0.lora_A: itself.
std::string pytorch_name(const std::string& name);

}  // namespace nn::inline LOWRANK_PRECISION
