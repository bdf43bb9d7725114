#include "lora/methods/prompt_encoder.h"

#include <array>

#include "lora/methods/methods.h"

namespace lora::inline LOWRANK_PRECISION {

Lstm::Lstm(Index in, Index h, bool from_the_end, std::uint64_t seed, const std::string& name)
    : input(in, 4 * h, nn::preserving_stddev(in), seed, nn::join(name, "input")),
      backwards(from_the_end) {
  recurrent.value =
      nn::Random(seed, nn::join(name, "hidden")).normal({4 * h, h}, nn::preserving_stddev(h));
}

// With a = W x_t + U h_{t-1} + b in four parts of h, and h_0 = c_0 = 0:
//   i, f, o = σ(a_i), σ(a_f), σ(a_o),   g = tanh(a_g)
//   c_t = f ∘ c_{t-1} + i ∘ g,   h_t = o ∘ tanh(c_t)
Var Lstm::forward(const Pass& pass, Var x) {
  const Index P = x.value().rows(), n = h();
  const Var from_inputs = input.forward(pass, x);  // (P,4h), for all t at once
  const Var U = pass.tape.parameter(recurrent);    // (4h,h)
  std::vector<Var> states(static_cast<std::size_t>(P));
  Var state = pass.tape.constant(Tensor({1, n})), cell = state;
  for (Index step = 0; step < P; ++step) {
    const Index t = backwards ? P - 1 - step : step;
    const Var from_input = autograd::slice_rows(from_inputs, t, 1);
    const Var a = autograd::add_matmul_nt(from_input, state, U);  // (1,4h)
    const auto part = [&](Index k) { return autograd::slice_cols(a, k * n, n); };
    const Var i = autograd::sigmoid(part(0)), f = autograd::sigmoid(part(1));
    const Var g = autograd::tanh(part(2)), o = autograd::sigmoid(part(3));
    const Var kept = autograd::multiply(f, cell), added = autograd::multiply(i, g);
    cell = autograd::add(kept, added);
    state = autograd::multiply(o, autograd::tanh(cell));
    states[static_cast<std::size_t>(t)] = state;
  }
  return autograd::concat_rows(states);
}

void Lstm::visit(const std::string& prefix, const Visitor& fn) {
  input.visit(nn::join(prefix, "input"), fn);
  fn(nn::join(prefix, "hidden.weight"), recurrent);
}

// h = C/2, rounded up, so that both directions together are as wide as a row.
static Index half(Index C) { return (C + 1) / 2; }

PromptEncoder::PromptEncoder(Index P, Index C, std::uint64_t seed)
    : left_to_right(C, half(C), false, seed, "prefix.left_to_right"),
      right_to_left(C, half(C), true, seed, "prefix.right_to_left"),
      up(2 * half(C), C, nn::preserving_stddev(2 * half(C)), seed, "prefix.up"),
      out(C, C, nn::preserving_stddev(C), seed, "prefix.out") {
  inputs.value = nn::Random(seed, "prefix.inputs").normal({P, C}, 1);
}

std::optional<Var> PromptEncoder::rows(const Pass& pass, Index layer) {
  if (layer > 0) return std::nullopt;
  const Var x = pass.tape.parameter(inputs);
  const Var s = autograd::concat_cols(
      std::array{left_to_right.forward(pass, x), right_to_left.forward(pass, x)});
  return out.forward(pass, autograd::relu(up.forward(pass, s)));
}

void PromptEncoder::visit(const std::string& prefix, const Visitor& fn) {
  fn(nn::join(prefix, "inputs"), inputs);
  left_to_right.visit(nn::join(prefix, "left_to_right"), fn);
  right_to_left.visit(nn::join(prefix, "right_to_left"), fn);
  up.visit(nn::join(prefix, "up"), fn);
  out.visit(nn::join(prefix, "out"), fn);
}

namespace methods {

// n inputs of d; two LSTMs of 4 h (d + h + 1) with h = d/2 rounded up; (2 h + 1) d and (d + 1) d.
// Once trained, only the n d rows it gives would be needed.
static Index count_prompt_encoder(const MethodSpec& spec, const nn::DecoderConfig& c) {
  const Index d = c.d_model, h = half(d);
  return spec.size * d + 2 * 4 * h * (d + h + 1) + (2 * h + 1) * d + (d + 1) * d;
}

static void wrap_prompt_encoder(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  model.prefix = std::make_unique<PromptEncoder>(spec.size, model.config.d_model, seed);
}

const Method prompt_encoder{.name = "prompt-encoder",
                            .source = "P-tuning, Liu et al. 2021",
                            .size_is = "prefix length",
                            .has_lora = false,
                            .starts_as_base = false,
                            .formula = "n d + 8 h (d + h + 1) + (2 h + d + 2) d, h = d/2",
                            .largest = nullptr,
                            .count = count_prompt_encoder,
                            .wrap = wrap_prompt_encoder};

}  // namespace methods
}  // namespace lora::inline LOWRANK_PRECISION
