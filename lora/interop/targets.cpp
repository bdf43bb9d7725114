#include "lora/interop/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "lora/interop/pattern.h"
#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

bool ends_with_name(const std::string& module, const std::string& name) {
  return module == name || module.ends_with("." + name);
}

// The ends of the names that there are, for a message.
std::string ends_of(const std::vector<Place>& places) {
  std::set<std::string> ends;
  for (const Place& place : places) ends.insert(place.name.substr(place.name.rfind('.') + 1));
  return fmt::format("{}", fmt::join(ends, ", "));
}

[[noreturn]] void matches_nothing(const std::string& entry, const std::vector<Place>& places) {
  throw std::invalid_argument(
      fmt::format("{} matches no module of the model; their names end in {}", nn::printable(entry),
                  ends_of(places)));
}

// A head for classes, which "all-linear" leaves out; others are in no place.
bool is_head(const std::string& module) {
  return module == "classifier" || module == "score" || module.starts_with("classifier.");
}

class Choice {
 public:
  explicit Choice(const ModuleChoice& choice) : choice_(choice) {
    if (!choice.pattern.empty()) pattern_ = std::make_unique<ModulePattern>(choice.pattern);
  }

  bool has(const Place& place) const {
    if (choice_.all_linear) return !place.is_table && !is_head(place.name);
    if (pattern_) return pattern_->matches(place.name);
    return std::ranges::any_of(
        choice_.names, [&](const std::string& name) { return ends_with_name(place.name, name); });
  }

  void check_entries(const std::vector<Place>& places) const {
    for (const std::string& name : choice_.names)
      if (std::ranges::none_of(places,
                               [&](const Place& p) { return ends_with_name(p.name, name); }))
        matches_nothing(name, places);
    if (pattern_ &&
        std::ranges::none_of(places, [&](const Place& p) { return pattern_->matches(p.name); }))
      matches_nothing(choice_.pattern, places);
  }

 private:
  const ModuleChoice& choice_;
  std::unique_ptr<ModulePattern> pattern_;
};

// A thousand expressions on a thousand names would take minutes; nobody writes a dozen.
void check_number_of_expressions(std::size_t number) {
  constexpr std::size_t most = 64;
  if (number > most)
    throw std::invalid_argument(fmt::format("more than {} regular expressions in a pattern", most));
}

// "layers_to_transform": whether the number of the layer that a module is in is among those. Without
// "layers_pattern" that is the first number with a name before it and one behind it.
class Layers {
 public:
  explicit Layers(const PeftConfig& config) : numbers_(config.layers) {
    check_number_of_expressions(config.layers_pattern.size());
    for (const std::string& before : config.layers_pattern)
      patterns_.emplace_back(fmt::format(R"((?:^|.*?\.){}\.(\d+)\.)", before));
    if (patterns_.empty()) patterns_.emplace_back(R"(.*?\.[^.]*\.(\d+)\.)");
  }

  bool has(const std::string& module) const {
    if (numbers_.empty()) return true;
    for (const ModulePattern& pattern : patterns_) {
      const std::string digits = pattern.last_group_at_start(module);
      if (!digits.empty() && digits.size() < 10)
        return std::ranges::find(numbers_, static_cast<Index>(std::stol(digits))) != numbers_.end();
    }
    return false;
  }

 private:
  const std::vector<Index>& numbers_;
  std::vector<ModulePattern> patterns_;
};

// Whether `part`, one name or several with dots, is somewhere among the names of a module.
bool has_part(const std::string& module, const std::string& part) {
  return ("." + module + ".").find("." + part + ".") != std::string::npos;
}

std::size_t expressions_in(const std::vector<PatternKey>& keys) {
  return static_cast<std::size_t>(
      std::ranges::count_if(keys, [](const PatternKey& key) { return !key.is_plain(); }));
}

}  // namespace

Patterns::Patterns(const PeftConfig& config) : config_(config) {
  for (const auto& [key, rank] : config.rank_pattern) ranks_.emplace_back(key);
  for (const auto& [key, alpha] : config.alpha_pattern) alphas_.emplace_back(key);
  check_number_of_expressions(expressions_in(ranks_));
  check_number_of_expressions(expressions_in(alphas_));
}

LoraSpec Patterns::spec_of(const std::string& module) const {
  const auto first = [&](const std::vector<PatternKey>& keys, const auto& pattern, auto otherwise) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (keys[i].matches(module)) return pattern[i].second;
    return otherwise;
  };
  LoraSpec spec = config_.spec;
  spec.rank = first(ranks_, config_.rank_pattern, spec.rank);
  spec.alpha = first(alphas_, config_.alpha_pattern, spec.alpha);
  return spec;
}

std::vector<ChosenPlace> choose(const PeftConfig& config, const std::vector<Place>& places) {
  const Choice targets(config.targets), excluded(config.excluded);
  targets.check_entries(places);
  const Layers layers(config);
  const Patterns patterns(config);
  std::vector<ChosenPlace> chosen;
  for (const Place& place : places) {
    const bool is_saved = std::ranges::any_of(
        config.saved_modules, [&](const std::string& m) { return has_part(place.name, m); });
    if (is_saved || (!config.excluded.empty() && excluded.has(place))) continue;
    const bool named = std::ranges::count(config.targets.names, place.name) > 0;  // in any layer
    if (!named && (!targets.has(place) || !layers.has(place.name))) continue;
    chosen.push_back({place, patterns.spec_of(place.name)});
  }
  if (chosen.empty())
    throw std::invalid_argument(
        "its layers and exclusions leave no module of the model that it could change");
  return chosen;
}

bool is_saved_module(const PeftConfig& config, const std::string& tensor) {
  for (std::size_t dot = tensor.find('.'); dot != std::string::npos;
       dot = tensor.find('.', dot + 1))
    for (const std::string& name : config.saved_modules)
      if (tensor.substr(0, dot).ends_with(name)) return true;
  return false;
}

}  // namespace lora::inline LOWRANK_PRECISION
