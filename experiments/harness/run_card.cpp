#include "experiments/harness/run_card.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <set>

#include "autograd/random.h"
#include "experiments/harness/build_info.h"
#include "nn/files/json.h"

namespace experiments::harness {
namespace {

using Json = nlohmann::json;

/// Calls visit(name, text) for each leaf; a list counts as one value, which reads better than its
/// entries by number.
template <class Visit>
void visit_leaves(const Json& value, const std::string& name, const Visit& visit) {
  if (!value.is_object() || value.empty()) return visit(name, nn::text_of(value));
  for (const auto& [key, child] : value.items()) {
    visit_leaves(child, name.empty() ? nn::plain(key) : name + "." + nn::plain(key), visit);
  }
}

/// The processor's name on Linux, elsewhere the architecture.
std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  utsname machine{};
  return uname(&machine) == 0 ? machine.machine : "unknown";
}

}  // namespace

std::vector<Difference> configuration_difference(const Json& there, const Json& now) {
  std::map<std::string, Difference> fields;
  const auto field = [&](const std::string& name) -> Difference& {
    return fields.try_emplace(name, Difference{name, "(none)", "(none)"}).first->second;
  };
  visit_leaves(there, "", [&](const auto& name, const auto& text) { field(name).there = text; });
  visit_leaves(now, "", [&](const auto& name, const auto& text) { field(name).now = text; });
  std::vector<Difference> differences;
  for (const auto& [name, difference] : fields) {
    if (difference.there != difference.now) differences.push_back(difference);
  }
  return differences;
}

std::string difference_text(const std::vector<Difference>& differences) {
  std::size_t name_width = 0, there_width = 0;
  for (const Difference& d : differences) {
    name_width = std::max(name_width, d.name.size());
    there_width = std::max(there_width, d.there.size());
  }
  std::string text;
  for (const Difference& d : differences) {
    text += fmt::format("  {:<{}}  there {:<{}}  now {}\n", d.name, name_width, d.there,
                        there_width, d.now);
  }
  return text;
}

std::string configuration_hash(const Json& configuration) {
  return fmt::format("{:016x}", autograd::fnv1a(configuration.dump()));
}

Json extent_union(const Json& there, const Json& now) {
  Json all = there;
  for (const auto& [name, list] : now.items()) {
    std::set<Json> entries(list.begin(), list.end());
    if (all.contains(name)) entries.insert(all[name].begin(), all[name].end());
    all[name] = Json(entries);
  }
  return all;
}

Json machine_facts(int threads) {
  const BuildInfo build = build_info();
  return {{"commit", build.commit},
          {"compiler", build.compiler},
          {"flags", build.flags},
          {"threads", threads},
          {"cpu", cpu_name()}};
}

std::string utc_time() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace experiments::harness
