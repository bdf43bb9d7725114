#include "nn/optimizer.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

namespace nn::inline LOWRANK_PRECISION {

// A negative one would ascend, or let weights grow; a NaN would be in every weight after one step.
static void check_rate(double rate, const char* what) {
  if (!(rate >= 0) || !std::isfinite(rate))
    throw std::invalid_argument(fmt::format("{} is finite and at least 0, not {}", what, rate));
}

Optimizer::Optimizer(std::vector<ParameterGroup> groups, std::size_t tensors_per_parameter) {
  std::set<const Parameter*> seen;
  for (const ParameterGroup& group : groups) {
    check_rate(group.weight_decay, "a weight decay");
    check_rate(group.lr_factor, "a factor of the learning rate");
    for (Parameter* p : group.parameters) {
      if (!p->trainable) continue;
      if (!seen.insert(p).second)
        throw std::invalid_argument(fmt::format("the optimizer was given {} twice", p->name));
      trained_.push_back({p, group.weight_decay, group.lr_factor,
                          std::vector<Tensor>(tensors_per_parameter, Tensor(p->value.shape))});
    }
  }
  if (trained_.empty()) throw std::invalid_argument("the optimizer was given nothing to train");
}

void Optimizer::step(double lr) {
  check_rate(lr, "a learning rate");
  for (const Parameter* p : parameters())
    if (p->grad.empty())
      throw std::logic_error(fmt::format("{} is to be trained but has no gradient", p->name));
  for (Trained& t : trained_) {
    if (!t.parameter->trainable) continue;
    update(*t.parameter, t.state, ++t.steps, lr * t.lr_factor, t.weight_decay);
    ++t.parameter->version;
  }
}

void Optimizer::zero_grad() {
  for (const Trained& t : trained_) t.parameter->zero_grad();
}

std::vector<Parameter*> Optimizer::parameters() const {
  std::vector<Parameter*> all;
  for (const Trained& t : trained_)
    if (t.parameter->trainable) all.push_back(t.parameter);
  return all;
}

Index Optimizer::bytes() const {
  Index bytes = 0;
  for (const Trained& t : trained_)
    for (const Tensor& tensor : t.state) bytes += tensor.bytes();
  return bytes;
}

static std::string state_name(const Parameter& p, std::size_t i) {
  return fmt::format("{}.state{}", p.name, i);
}

void Optimizer::visit_state(const std::function<void(const std::string&, Tensor&)>& fn) {
  for (Trained& t : trained_)
    for (std::size_t i = 0; i < t.state.size(); ++i) fn(state_name(*t.parameter, i), t.state[i]);
}

void Optimizer::restore(long steps, const std::function<Tensor(const std::string&)>& saved) {
  if (steps < 0)
    throw std::invalid_argument(
        fmt::format("an optimizer goes on after at least 0 steps, not {}", steps));
  std::vector<Trained> restored = trained_;
  for (Trained& t : restored) {
    t.steps = steps;
    for (std::size_t i = 0; i < t.state.size(); ++i) {
      const std::string name = state_name(*t.parameter, i);
      t.state[i] = saved(name);
      if (!(t.state[i].shape == t.parameter->value.shape))
        throw autograd::ShapeError(fmt::format("{} is {} and the parameter {}", name,
                                               t.state[i].shape.str(),
                                               t.parameter->value.shape.str()));
    }
  }
  trained_ = std::move(restored);
}

Sgd::Sgd(std::vector<ParameterGroup> groups, double momentum)
    : Optimizer(std::move(groups), momentum == 0 ? 0 : 1), momentum_(momentum) {
  if (!(momentum >= 0 && momentum < 1))
    throw std::invalid_argument(fmt::format("SGD wants a momentum in [0, 1), not {}", momentum));
}

void Sgd::update(Parameter& p, std::span<Tensor> state, long, double lr, double weight_decay) {
  const auto rate = static_cast<Scalar>(lr), decay = static_cast<Scalar>(lr * weight_decay);
  if (decay != 0) p.value.m -= decay * p.value.m;
  if (momentum_ == 0) {
    p.value.m -= rate * p.grad.m;
    return;
  }
  Matrix& velocity = state[0].m;
  velocity = static_cast<Scalar>(momentum_) * velocity + p.grad.m;
  p.value.m -= rate * velocity;
}

AdamW::AdamW(std::vector<ParameterGroup> groups, Options options)
    : Optimizer(std::move(groups), 2), options_(options) {
  const auto [beta1, beta2, epsilon] = options_;
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1))
    throw std::invalid_argument(
        fmt::format("AdamW wants betas in [0, 1), not {} and {}", beta1, beta2));
  // ε' of the first step, the smallest. At 0 a gradient of 0, as A's is at LoRA's first step, would
  // be 0/0.
  const bool is_zero = !(static_cast<Scalar>(epsilon * std::sqrt(1 - beta2)) > 0);
  if (is_zero || epsilon > static_cast<double>(std::numeric_limits<Scalar>::max()))
    throw std::invalid_argument(fmt::format(
        "AdamW wants an epsilon above 0, finite and not rounded to 0, not {}", epsilon));
}

void AdamW::update(Parameter& p, std::span<Tensor> state, long t, double lr, double weight_decay) {
  const auto [beta1, beta2, epsilon] = options_;
  // m̂ / (√v̂ + ε) with both corrections moved onto scalars: lr' m / (√v + ε'),
  // lr' = lr √(1-β2ᵗ) / (1-β1ᵗ) and ε' = ε √(1-β2ᵗ)
  const double correction2 = std::sqrt(1 - std::pow(beta2, t));
  const auto rate = static_cast<Scalar>(lr * correction2 / (1 - std::pow(beta1, t)));
  const auto eps = static_cast<Scalar>(epsilon * correction2);
  const auto keep = static_cast<Scalar>(1 - lr * weight_decay);
  // Rounded once: 1 - β2 of a rounded β2 would be 5e-5 too large.
  const auto b1 = static_cast<Scalar>(beta1), new1 = static_cast<Scalar>(1 - beta1);
  const auto b2 = static_cast<Scalar>(beta2), new2 = static_cast<Scalar>(1 - beta2);

  const auto g = p.grad.m.array();
  auto m = state[0].m.array(), v = state[1].m.array();
  m = b1 * m + new1 * g;
  v = b2 * v + new2 * g.square();
  p.value.m.array() = keep * p.value.m.array() - rate * m / (autograd::exact_sqrt(v) + eps);
}

double Schedule::lr(long step) const {
  if (step < 0 || step > total)
    throw std::invalid_argument(fmt::format("step {} of a schedule of {}", step, total));
  check_rate(peak, "a peak learning rate");
  if (warmup < 0)
    throw std::invalid_argument(
        fmt::format("a schedule's warm-up is at least 0 steps, not {}", warmup));
  if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  const double left =
      total > warmup ? static_cast<double>(total - step) / static_cast<double>(total - warmup) : 0;
  switch (decay) {
    case Decay::constant:
      return peak;
    case Decay::linear:
      return peak * left;
    case Decay::cosine:
      return peak * 0.5 * (1 - std::cos(std::numbers::pi * left));
  }
  return peak;
}

double clip_gradients(const std::vector<Parameter*>& parameters, double max_norm) {
  if (!(max_norm > 0))
    throw std::invalid_argument(fmt::format("clipping wants a norm above 0, not {}", max_norm));
  double squares = 0;
  for (const Parameter* p : parameters) {
    if (!p->trainable) continue;
    const double s = p->grad.m.cast<double>().squaredNorm();
    if (!std::isfinite(s))
      throw NonFiniteGradient(fmt::format("the gradient of {} is not finite", p->name));
    squares += s;
  }
  const double norm = std::sqrt(squares);
  if (norm > max_norm)
    for (Parameter* p : parameters)
      if (p->trainable) p->grad.m *= static_cast<Scalar>(max_norm / norm);
  return norm;
}

}  // namespace nn::inline LOWRANK_PRECISION
