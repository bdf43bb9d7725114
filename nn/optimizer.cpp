#include "nn/optimizer.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

namespace nn {

// A negative one would ascend, or let weights grow; a NaN would be in every weight after one step.
static void check_rate(double rate, const char* what) {
  if (!(rate >= 0) || !std::isfinite(rate))
    throw std::invalid_argument(fmt::format("{} is finite and at least 0, not {}", what, rate));
}

Optimizer::Optimizer(std::vector<ParameterGroup> groups) : groups_(std::move(groups)) {
  std::set<const Parameter*> seen;
  for (ParameterGroup& group : groups_) {
    check_rate(group.weight_decay, "a weight decay");
    check_rate(group.lr_factor, "a factor of the learning rate");
    std::erase_if(group.parameters, [](const Parameter* p) { return !p->trainable; });
    for (const Parameter* p : group.parameters)
      if (!seen.insert(p).second)
        throw std::invalid_argument(fmt::format("the optimizer was given {} twice", p->name));
  }
  if (seen.empty()) throw std::invalid_argument("the optimizer was given nothing to train");
  state_.resize(seen.size());
}

void Optimizer::step(double lr) {
  check_rate(lr, "a learning rate");
  for (const Parameter* p : parameters())
    if (p->grad.empty())
      throw std::logic_error(fmt::format("{} is to be trained but has no gradient", p->name));
  ++steps_;
  auto state = state_.begin();
  for (const ParameterGroup& group : groups_) {
    for (Parameter* p : group.parameters)
      update(*p, *state++, lr * group.lr_factor, group.weight_decay);
  }
}

void Optimizer::zero_grad() {
  for (Parameter* p : parameters()) p->grad.m.setZero();
}

std::vector<Parameter*> Optimizer::parameters() const {
  std::vector<Parameter*> all;
  for (const ParameterGroup& group : groups_)
    all.insert(all.end(), group.parameters.begin(), group.parameters.end());
  return all;
}

Index Optimizer::bytes() const {
  Index bytes = 0;
  for (const auto& tensors : state_)
    for (const Tensor& t : tensors) bytes += t.bytes();
  return bytes;
}

void Optimizer::visit_state(const std::function<void(const std::string&, Tensor&)>& fn) {
  const std::vector<Parameter*> all = parameters();
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < state_[i].size(); ++j)
      fn(fmt::format("{}.state{}", all[i]->name, j), state_[i][j]);
}

void Optimizer::restore(long steps, const std::function<Tensor(const std::string&)>& saved) {
  std::vector<std::vector<Tensor>> state;
  for (const Parameter* p : parameters()) {
    std::vector<Tensor>& tensors = state.emplace_back();
    for (int j = 0; j < tensors_per_parameter(); ++j) {
      const std::string name = fmt::format("{}.state{}", p->name, j);
      tensors.push_back(saved(name));
      if (!(tensors.back().shape == p->value.shape))
        throw autograd::ShapeError(fmt::format("{} is {} and the parameter {}", name,
                                               tensors.back().shape.str(), p->value.shape.str()));
    }
  }
  state_ = std::move(state);
  steps_ = steps;
}

Sgd::Sgd(std::vector<ParameterGroup> groups, double momentum)
    : Optimizer(std::move(groups)), momentum_(momentum) {
  if (!(momentum >= 0 && momentum < 1))
    throw std::invalid_argument(fmt::format("SGD wants a momentum in [0, 1), not {}", momentum));
}

void Sgd::update(Parameter& p, std::vector<Tensor>& state, double lr, double weight_decay) {
  const auto rate = static_cast<Scalar>(lr), decay = static_cast<Scalar>(lr * weight_decay);
  if (decay != 0) p.value.m -= decay * p.value.m;
  if (momentum_ == 0) {
    p.value.m -= rate * p.grad.m;
    return;
  }
  if (state.empty()) state.emplace_back(p.value.shape);
  Matrix& velocity = state[0].m;
  velocity = static_cast<Scalar>(momentum_) * velocity + p.grad.m;
  p.value.m -= rate * velocity;
}

AdamW::AdamW(std::vector<ParameterGroup> groups, Options options)
    : Optimizer(std::move(groups)), options_(options) {
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

void AdamW::update(Parameter& p, std::vector<Tensor>& state, double lr, double weight_decay) {
  if (state.empty()) state.assign(2, Tensor(p.value.shape));
  const auto [beta1, beta2, epsilon] = options_;
  const auto t = static_cast<double>(steps());
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
  p.value.m.array() = keep * p.value.m.array() - rate * m / (v.sqrt() + eps);
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
    const double s = p->grad.m.cast<double>().squaredNorm();
    if (!std::isfinite(s))
      throw NonFiniteGradient(fmt::format("the gradient of {} is not finite", p->name));
    squares += s;
  }
  const double norm = std::sqrt(squares);
  if (norm > max_norm)
    for (Parameter* p : parameters) p->grad.m *= static_cast<Scalar>(max_norm / norm);
  return norm;
}

}  // namespace nn
