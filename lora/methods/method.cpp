#include "lora/methods/method.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "lora/methods/methods.h"
#include "nn/files/checkpoint.h"

namespace lora::inline LOWRANK_PRECISION {

std::span<const Method* const> all_methods() {
  static constexpr std::array<const Method*, 10> all{&methods::full,
                                                     &methods::top_layers,
                                                     &methods::bitfit,
                                                     &methods::prefix_embedding,
                                                     &methods::prefix_layer,
                                                     &methods::prompt_encoder,
                                                     &methods::houlsby_adapter,
                                                     &methods::lin_adapter,
                                                     &methods::lora,
                                                     &methods::lora_prefix};
  return all;
}

const Method& method(std::string_view name) {
  std::vector<const char*> names;
  for (const Method* m : all_methods()) {
    if (name == m->name) return *m;
    names.push_back(m->name);
  }
  throw std::invalid_argument(
      fmt::format("unknown method '{}'; valid are {}", name, fmt::join(names, ", ")));
}

static Index largest(const Method& m, const nn::DecoderConfig& config) {
  return m.largest ? m.largest(config) : largest_size;
}

void validate(const MethodSpec& spec, const nn::DecoderConfig& config) {
  const Method& m = method(spec.name);
  if (!m.size_is && spec.size != 0)
    throw std::invalid_argument(fmt::format("{} has no size, but {} is given", m.name, spec.size));
  if (m.size_is && (spec.size < 1 || spec.size > largest(m, config)))
    throw std::invalid_argument(fmt::format("the size of {} ({}) must be in 1..{}, not {}", m.name,
                                            m.size_is, largest(m, config), spec.size));
  if (m.has_lora)
    plan(config, spec.lora);  // throws
  else if (!spec.lora.targets.empty() || !spec.lora.targets_regex.empty())
    throw std::invalid_argument(
        fmt::format("{} has no LoRA layers, but targets are given", m.name));
}

// Some methods mark parameters by name, and all count those of a plain decoder.
void check_plain(nn::Decoder& model, std::string_view name) {
  nn::Shapes plain = nn::parameter_shapes(model.config);
  model.visit("", [&](const std::string& parameter, Parameter&) {
    if (plain.erase(parameter) == 0)
      throw std::invalid_argument(
          fmt::format("{} wants a plain decoder, and this one has {}", name, parameter));
  });
}

void wrap(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  validate(spec, model.config);
  const Method& m = method(spec.name);
  check_plain(model, m.name);
  nn::set_trainable(model, false);
  m.wrap(model, spec, seed);
  nn::name_parameters(model);
}

Index count(const MethodSpec& spec, const nn::DecoderConfig& config) {
  validate(spec, config);
  return method(spec.name).count(spec, config);
}

// The largest rank that every target allows.
static Index largest_rank(const MethodSpec& spec, const nn::DecoderConfig& config) {
  if (!spec.lora.rank_pattern.empty())
    throw std::invalid_argument(
        "a budget decides one rank for all targets, not a pattern of ranks");
  Index most = largest_size;
  for (const Target& target : plan(config, spec.lora))
    most = std::min({most, target.in, target.out});
  return most;
}

MethodSpec nearest(const MethodSpec& given, Index budget, const nn::DecoderConfig& config) {
  if (budget < 1)
    throw std::invalid_argument(fmt::format("a budget must be at least 1, not {}", budget));
  const Method& m = method(given.name);
  const auto with = [&](Index n) {
    MethodSpec spec = given;
    if (m.has_lora)
      spec.lora.spec.rank = n;
    else if (m.size_is)
      spec.size = n;
    return spec;
  };
  const auto parameters = [&](Index n) { return count(with(n), config); };
  if (!m.has_lora && !m.size_is) return with(0);
  const Index most = m.has_lora ? largest_rank(with(1), config) : largest(m, config);

  // Counts grow with n. The search keeps count(low) < budget <= count(high).
  if (parameters(1) >= budget) return with(1);
  if (parameters(most) < budget) return with(most);
  Index low = 1, high = most;
  while (high - low > 1) {
    const Index middle = low + (high - low) / 2;
    (parameters(middle) < budget ? low : high) = middle;
  }
  return with(budget - parameters(low) <= parameters(high) - budget ? low : high);
}

std::vector<MethodSpec> nearest_of_all(Index budget, const nn::DecoderConfig& config,
                                       const LoraConfig& lora, Index prefix) {
  std::vector<MethodSpec> specs;
  for (const Method* m : all_methods()) {
    MethodSpec given{m->name};
    if (m->has_lora) given.lora = lora;
    if (m->has_lora && m->size_is) given.size = prefix;
    specs.push_back(nearest(given, budget, config));
  }
  return specs;
}

std::string describe_size(const MethodSpec& spec) {
  const Method& m = method(spec.name);
  std::vector<std::string> parts;
  if (m.has_lora)
    parts.push_back(fmt::format("r = {} on {}", spec.lora.spec.rank,
                                spec.lora.targets_regex.empty()
                                    ? fmt::format("{}", fmt::join(spec.lora.targets, ","))
                                    : spec.lora.targets_regex));
  if (m.size_is) parts.push_back(fmt::format("{} {}", m.size_is, spec.size));
  return parts.empty() ? "-" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string describe(const std::vector<MethodSpec>& specs, const nn::DecoderConfig& c) {
  std::string text =
      fmt::format("{:<17} {:<32} {:>12}  {}\n", "method", "size n", "trained", "by formula");
  for (const MethodSpec& spec : specs)
    text += fmt::format("{:<17} {:<32} {:>12}  {}\n", spec.name, describe_size(spec),
                        count(spec, c), method(spec.name).formula);
  return text + fmt::format("d = {}, f = {}, L = {}, V = {}, T = {}\n", c.d_model, c.d_mlp,
                            c.layers, c.vocabulary, c.context);
}

}  // namespace lora::inline LOWRANK_PRECISION
