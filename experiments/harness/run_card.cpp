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
#include "experiments/harness/cells_file.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::harness {

namespace fs = std::filesystem;

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

namespace {

constexpr const char* facts_of_machine[] = {"commit", "compiler", "flags", "cpu"};

std::string changed_machine(const Json& before, const Json& now) {
  std::string changes;
  for (const char* name : facts_of_machine) {
    const std::string was = before.value(name, "unknown"), is = now.at(name).get<std::string>();
    if (was != is)
      changes += fmt::format("{}{} {} -> {}", changes.empty() ? "" : ", ", name, nn::plain(was),
                             nn::plain(is));
  }
  return changes;
}

// Started at another time, it is the same kind of run. Throws Json::exception where it is none.
Json kind_of_run(Json run) {
  for (const char* name : facts_of_machine) run.value(name, "");
  run.erase("started");
  return run;
}

// `advice` ends the message where it is no JSON.
Json parse_card(const fs::path& path, const char* advice) {
  try {
    return nn::parse_json_object(nn::read_file(path));
  } catch (const nn::FileError& error) {
    throw ResultsError(error.what());
  } catch (const nn::JsonError& error) {
    throw ResultsError(fmt::format("{} {}{}", path.string(), error.what(), advice));
  }
}

void check_format(const Json& there, const fs::path& path, const char* advice) {
  const Json format = there.value("format", Json(results_format));  // the first ones had none
  if (format != results_format)
    throw ResultsError(
        fmt::format("{} was written by another version: its format is {}, and this "
                    "program reads {}{}",
                    path.parent_path().string(), nn::shown(format), results_format, advice));
}

void check_card(const Json& there, const RunCard& card, const fs::path& path) {
  check_format(there, path, "; choose another --out");
  auto differences = configuration_difference(there.at("configuration"), card.configuration);
  if (there.at("experiment") != card.experiment)
    differences.insert(differences.begin(),
                       {"experiment", nn::shown(there["experiment"]), card.experiment});
  if (!differences.empty())
    throw ResultsError(fmt::format(
        "{} holds another configuration; choose another --out, or --fresh to start over\n{}",
        path.parent_path().string(), difference_text(differences)));
}

}  // namespace

Json card_of_nothing(const RunCard& card) {
  return {{"format", results_format},
          {"experiment", card.experiment},
          {"hash", configuration_hash(card.configuration)},
          {"configuration", card.configuration},
          {"extent", Json::object()},
          {"runs", Json::array()}};
}

Json card_of_run(const RunCard& card, int threads) {
  Json run = machine_facts(threads);
  run["started"] = utc_time();
  return united_card(card_of_nothing(card),
                     {{"extent", card.extent}, {"runs", Json::array({run})}});
}

Json read_card(const fs::path& path, const RunCard& card) {
  try {
    const Json there = parse_card(path, "; start over with --fresh");
    check_card(there, card, path);
    return united_card(card_of_nothing(card), there);
  } catch (const Json::exception&) {
    throw ResultsError(fmt::format("{} is not a run card; start over with --fresh", path.string()));
  }
}

Json read_any_card(const fs::path& path) {
  try {
    const Json there = parse_card(path, "");
    check_format(there, path, "");
    const RunCard card{there.at("experiment").get<std::string>(), there.at("configuration"),
                       there.at("extent")};
    machines_of(there);
    return united_card(card_of_nothing(card), there);
  } catch (const Json::exception&) {
    throw ResultsError(fmt::format("{} is not a run card", path.string()));
  }
}

Json united_card(const Json& card, const Json& other) {
  Json all = card;
  all["extent"] = extent_union(card.at("extent"), other.at("extent"));
  std::set<Json> known;
  for (const Json& run : card.at("runs")) known.insert(kind_of_run(run));
  for (const Json& run : other.at("runs"))
    if (known.insert(kind_of_run(run)).second) all["runs"].push_back(run);
  return all;
}

std::string other_build(const Json& card, const Json& run) {
  std::string others;
  for (const Json& before : card.at("runs"))
    if (const std::string changes = changed_machine(before, run); !changes.empty())
      others = changes;
  return others;
}

std::string machines_of(const Json& card) {
  std::set<std::string> machines;
  for (const Json& run : card.at("runs"))
    machines.insert(nn::plain(
        fmt::format("{}, commit {}", run.value("cpu", "unknown"), run.value("commit", "unknown"))));
  std::string text;
  for (const std::string& machine : machines) text += (text.empty() ? "" : " or ") + machine;
  return text;
}

}  // namespace experiments::harness
