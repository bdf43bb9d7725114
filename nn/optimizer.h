#pragma once

#include <span>

#include "nn/module.h"

namespace nn::inline LOWRANK_PRECISION {

/// Parameters that are stepped alike.
struct ParameterGroup {
  std::vector<Parameter*> parameters;
  double weight_decay = 0;  ///< at least 0
  double lr_factor = 1;     ///< at least 0; times the learning rate of the step
};

/// Trains the parameters that are trainable when it is made, and holds state for these only, all of
/// it from the start. One that is frozen later (Parameter::trainable, set_trainable) stands still:
/// no gradient, no momentum, no decay. Its state waits, and if it is made trainable again, it goes
/// on as if the steps in between had not been. One that was frozen at the start is never trained.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step with learning rate lr. Throws std::logic_error naming a parameter that has no
  /// gradient, before any has moved: nothing flowed back to it, so it would silently not train; and
  /// std::invalid_argument for a learning rate that is negative or not finite.
  void step(double lr);

  /// Empties the gradients, also of parameters that are frozen now; their memory is kept.
  void zero_grad();
  std::vector<Parameter*> parameters() const;  ///< without those that are frozen now
  Index bytes() const;                         ///< of the state

  /// Calls fn for every tensor of the state, "<parameter>.state<i>", for saving.
  void visit_state(const std::function<void(const std::string& name, Tensor& tensor)>& fn);
  /// Goes on as after `steps` steps of every parameter, with the tensors that were saved; `saved`
  /// gives them by name. Throws autograd::ShapeError where one has not its parameter's shape,
  /// std::invalid_argument for steps below 0; on an error, also one of `saved`, the optimizer is
  /// unchanged.
  void restore(long steps, const std::function<Tensor(const std::string& name)>& saved);

 protected:
  /// Keeps the trainable parameters of the groups, each with so many tensors of state: zeros of its
  /// shape. Throws std::invalid_argument where there are none, where one is in two groups, or for a
  /// decay or factor that is negative or not finite.
  Optimizer(std::vector<ParameterGroup> groups, std::size_t tensors_per_parameter);

  /// Updates one parameter and its state from its gradient, in its t-th step (the first is 1).
  virtual void update(Parameter& p, std::span<Tensor> state, long t, double lr,
                      double weight_decay) = 0;

 private:
  struct Trained {
    Parameter* parameter;
    double weight_decay, lr_factor;
    std::vector<Tensor> state;
    long steps = 0;  // that it took: those in which it was frozen do not count
  };
  std::vector<Trained> trained_;  // in the groups' order
};

/// v ← momentum v + g,  p ← p - lr v - lr decay p.
class Sgd final : public Optimizer {
 public:
  /// Throws std::invalid_argument unless the momentum is in [0, 1).
  explicit Sgd(std::vector<ParameterGroup> groups, double momentum = 0);

 private:
  void update(Parameter& p, std::span<Tensor> state, long t, double lr,
              double weight_decay) override;
  double momentum_;
};

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019):
///   m ← β1 m + (1-β1) g,  v ← β2 v + (1-β2) g²
///   p ← p - lr decay p - lr m̂ / (√v̂ + ε),  m̂ = m / (1-β1ᵗ),  v̂ = v / (1-β2ᵗ)
class AdamW final : public Optimizer {
 public:
  struct Options {
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  };
  /// Throws std::invalid_argument unless the betas are in [0, 1) and epsilon is finite and above 0.
  explicit AdamW(std::vector<ParameterGroup> groups) : AdamW(std::move(groups), Options()) {}
  AdamW(std::vector<ParameterGroup> groups, Options options);

 private:
  void update(Parameter& p, std::span<Tensor> state, long t, double lr,
              double weight_decay) override;
  Options options_;
};

/// The learning rate over a run: linear warm-up to the peak, and then the peak (constant), or a
/// decay that is zero at step `total`, one after the last.
struct Schedule {
  enum class Decay { constant, linear, cosine };
  double peak = 1e-3;
  long warmup = 0;  ///< steps
  long total = 1;   ///< steps
  Decay decay = Decay::linear;

  /// Of step 0 .. total. Throws std::invalid_argument outside, and for a peak or a warm-up that is
  /// negative or a peak that is not finite.
  double lr(long step) const;
};

/// A gradient with a NaN or an infinity; the message names the parameter.
struct NonFiniteGradient : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Scales all gradients so that their joint Euclidean norm is at most max_norm > 0; a frozen
/// parameter is passed over. Returns the norm before. Throws NonFiniteGradient and scales none.
double clip_gradients(const std::vector<Parameter*>& parameters, double max_norm);

}  // namespace nn::inline LOWRANK_PRECISION
