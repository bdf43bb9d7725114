#include "lora/files/config_values.h"

#include <fmt/format.h>

#include <cmath>

namespace lora::inline LOWRANK_PRECISION {

void wrong_member(const std::string& name, const nn::Json& value, std::string_view wanted) {
  throw std::invalid_argument(
      fmt::format("{} must be {}, not {}", nn::printable(name), wanted, nn::shown(value)));
}

bool is_off(const nn::Json& value) {
  return value.is_null() || value == false || value == "" ||
         (value.is_structured() && value.empty());
}

double real_from(const std::string& name, const nn::Json& value) {
  if (!value.is_number()) wrong_member(name, value, "a number");
  return value.get<double>();
}

bool flag_from(const std::string& name, const nn::Json& value) {
  if (!value.is_boolean()) wrong_member(name, value, "true or false");
  return value.get<bool>();
}

nn::Json short_number(double x) {
  const bool whole = x == std::floor(x) && std::abs(x) < 0x1p53;
  return whole ? nn::Json(static_cast<std::int64_t>(x)) : nn::Json(x);
}

std::vector<std::string> shortest_targets(const std::set<std::string>& names,
                                          const std::set<std::string>& modules) {
  const auto end_of = [](const std::string& name) { return name.substr(name.rfind('.') + 1); };
  std::set<std::string> ends, matched;
  for (const std::string& name : names) ends.insert(end_of(name));
  for (const std::string& module : modules)
    if (ends.contains(end_of(module))) matched.insert(module);
  const std::set<std::string>& chosen = matched == names ? ends : names;
  return {chosen.begin(), chosen.end()};
}

}  // namespace lora::inline LOWRANK_PRECISION
