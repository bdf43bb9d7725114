#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

/// Only for source files: it includes the whole JSON library.
namespace experiments::harness {

/// What a results folder is about. `configuration` is all that changes the numbers of a cell
/// (steps, base, learning rates, alpha, facts, ...): two runs share a folder only if theirs are
/// equal. `extent` says which cells are asked for, as named lists (ranks, seeds, tasks, ...): more
/// of them in the same folder continues the same experiment, and the card keeps the union.
struct RunCard {
  std::string experiment;        ///< "table6"
  nlohmann::json configuration;  ///< an object
  nlohmann::json extent;         ///< an object of arrays
};

/// One field in which two configurations differ; a field that one side lacks reads "(none)".
struct Difference {
  std::string name;  ///< "learning_rates.nli.full"
  std::string there, now;
};
std::vector<Difference> configuration_difference(const nlohmann::json& there,
                                                 const nlohmann::json& now);

/// One line per difference in aligned columns: name, there, now.
std::string difference_text(const std::vector<Difference>& differences);

/// 16 hexadecimal digits of the configuration's canonical text (keys sorted, no spaces).
std::string configuration_hash(const nlohmann::json& configuration);

/// `there` with the entries of `now` it lacks, each list sorted.
nlohmann::json extent_union(const nlohmann::json& there, const nlohmann::json& now);

/// Where and how a run computes: commit, compiler, flags, threads (cells at a time), cpu.
nlohmann::json machine_facts(int threads);

/// Now in UTC, "2026-01-31T23:59:59Z".
std::string utc_time();

}  // namespace experiments::harness
