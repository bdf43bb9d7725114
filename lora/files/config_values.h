#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/scalar.h"
#include "nn/files/json.h"

/// What the readers and writers of adapter_config.json share.
namespace lora::inline LOWRANK_PRECISION {

/// Throws std::invalid_argument: "name" must be what is wanted, and not the value.
[[noreturn]] void wrong_member(const std::string& name, const nn::Json& value,
                               std::string_view wanted);

bool is_off(const nn::Json& value);  ///< null, false, "", [] or {}: it switches nothing on
double real_from(const std::string& name, const nn::Json& value);
bool flag_from(const std::string& name, const nn::Json& value);

/// As PEFT writes it: a whole number as an integer.
nn::Json short_number(double x);

/// The last parts of the names if no other module has such a one, otherwise the names.
std::vector<std::string> shortest_targets(const std::set<std::string>& names,
                                          const std::set<std::string>& modules);

}  // namespace lora::inline LOWRANK_PRECISION
