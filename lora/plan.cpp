#include "lora/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <regex>

namespace lora::inline LOWRANK_PRECISION {

namespace {

struct Slot {
  std::string name;
  Index in = 0, out = 0;
  bool wrapped = false;
};

std::vector<Slot> slots(nn::Module& model) {
  std::vector<Slot> all;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& place) {
    const bool wrapped = !dynamic_cast<nn::Linear*>(place.get());
    all.push_back({name, place->in_features(), place->out_features(), wrapped});
  });
  return all;
}

// The slots that a decoder of this configuration would have.
std::vector<Slot> slots(const nn::DecoderConfig& config) {
  std::vector<Slot> all;
  for (const auto& [name, in, out] : nn::slot_shapes(config)) all.push_back({name, in, out});
  return all;
}

bool matches(const std::string& name, const std::string& entry) {
  return name == entry || (!entry.empty() && name.ends_with("." + entry));
}

[[noreturn]] void nothing_matches(const std::string& entry, const std::vector<Slot>& all) {
  std::vector<std::string> names;
  for (const Slot& slot : all) names.push_back(slot.name);
  throw std::invalid_argument(
      fmt::format("'{}' matches no projection; there are {}", entry, fmt::join(names, ", ")));
}

// The standard library's matcher recurses with the length of an expression, and tries every way of
// matching unless told to go through the text once, which rules out back references (\1).
std::regex compiled(const std::string& expression) {
  constexpr std::size_t longest = 200;
  for (std::size_t i = 1; i < expression.size(); ++i)
    if (expression[i - 1] == '\\' && expression[i] >= '1' && expression[i] <= '9')
      throw std::invalid_argument(
          fmt::format("'{}' is no regular expression here: it has a back reference", expression));
  if (expression.size() > longest)
    throw std::invalid_argument(fmt::format("a regular expression of {} characters; {} are allowed",
                                            expression.size(), longest));
  try {
#ifdef __GLIBCXX__
    return std::regex(expression, std::regex::ECMAScript | std::regex_constants::__polynomial);
#else
    return std::regex(expression);
#endif
  } catch (const std::regex_error& error) {
    throw std::invalid_argument(
        fmt::format("'{}' is no regular expression: {}", expression, error.what()));
  }
}

std::vector<Slot> matching(const LoraConfig& config, const std::vector<Slot>& all) {
  std::vector<Slot> chosen;
  if (!config.targets_regex.empty()) {
    const std::regex pattern = compiled(config.targets_regex);
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                 [&](const Slot& s) { return std::regex_match(s.name, pattern); });
    if (chosen.empty()) nothing_matches(config.targets_regex, all);
    return chosen;
  }
  const auto wanted = [&](const Slot& s) {
    return std::any_of(config.targets.begin(), config.targets.end(),
                       [&](const std::string& entry) { return matches(s.name, entry); });
  };
  std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), wanted);
  return chosen;
}

// Every entry of a list must match one of `among`; an entry that does nothing is a mistake.
void check_entry(const std::string& entry, const std::vector<Slot>& among) {
  if (std::none_of(among.begin(), among.end(),
                   [&](const Slot& s) { return matches(s.name, entry); }))
    nothing_matches(entry, among);
}

template <class Value>
Value from_pattern(const std::vector<std::pair<std::string, Value>>& pattern,
                   const std::string& name, Value otherwise) {
  for (const auto& [entry, value] : pattern)
    if (matches(name, entry)) return value;
  return otherwise;
}

std::vector<Target> plan(const std::vector<Slot>& all, const LoraConfig& config) {
  if (config.targets.empty() && config.targets_regex.empty())
    throw std::invalid_argument("no LoRA targets were given");
  if (!config.targets.empty() && !config.targets_regex.empty())
    throw std::invalid_argument(
        "LoRA targets were given both as a list and as a regular expression");
  if (all.empty()) throw std::invalid_argument("the model has no projections in slots to wrap");
  if (config.targets_regex.empty())
    for (const std::string& entry : config.targets) check_entry(entry, all);
  const std::vector<Slot> chosen = matching(config, all);
  for (const auto& [entry, rank] : config.rank_pattern) check_entry(entry, chosen);
  for (const auto& [entry, alpha] : config.alpha_pattern) check_entry(entry, chosen);

  std::vector<Target> targets;
  for (const Slot& slot : chosen) {
    if (slot.wrapped) throw std::invalid_argument(fmt::format("{} is wrapped already", slot.name));
    Target target{slot.name, slot.in, slot.out, config.spec};
    target.spec.rank = from_pattern(config.rank_pattern, slot.name, config.spec.rank);
    target.spec.alpha = from_pattern(config.alpha_pattern, slot.name, config.spec.alpha);
    check(target.spec, slot.in, slot.out, slot.name);
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace

std::vector<Target> plan(nn::Module& model, const LoraConfig& config) {
  return plan(slots(model), config);
}

std::vector<Target> plan(const nn::DecoderConfig& model, const LoraConfig& config) {
  return plan(slots(model), config);
}

std::string describe(const std::vector<Target>& targets) {
  std::string text = fmt::format("{:<24} {:>11} {:>5}  {:<24} {}\n", "projection", "(out,in)", "r",
                                 "scale", "r (in + out)");
  Index total = 0;
  for (const Target& t : targets) {
    total += t.parameters();
    text += fmt::format("{:<24} {:>11} {:>5}  {:<24} {} ({} + {}) = {}\n", t.name,
                        fmt::format("({},{})", t.out, t.in), t.spec.rank,
                        describe_scale(t.spec.scaling, t.spec.alpha, t.spec.rank), t.spec.rank,
                        t.in, t.out, t.parameters());
  }
  return text + fmt::format("{} projections, {} trainable parameters\n", targets.size(), total);
}

}  // namespace lora::inline LOWRANK_PRECISION
