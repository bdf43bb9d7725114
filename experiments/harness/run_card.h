#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

/// Run cards, and how they stand in files: run.json, and the card beside the part of a shard. Only
/// for source files: it includes the whole JSON library.
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

/// The version of run.json and cells.jsonl, in the member "format" of run.json.
constexpr int results_format = 1;

/// The card of this work before any run.
nlohmann::json card_of_nothing(const RunCard& card);

/// The card of a run that begins now on this machine.
nlohmann::json card_of_run(const RunCard& card, int threads);

/// What the card at `path` says. Throws ResultsError where it is none, or is of another format,
/// experiment or configuration than `card`, with the differences.
nlohmann::json read_card(const std::filesystem::path& path, const RunCard& card);

/// The same of any work: what a folder says that is only read. Throws ResultsError where it is no
/// card, or one of another format.
nlohmann::json read_any_card(const std::filesystem::path& path);

/// `card` with what `other` has beyond it: what was asked for, and the kinds of runs. One entry for
/// each kind: the same machine again adds none.
nlohmann::json united_card(const nlohmann::json& card, const nlohmann::json& other);

/// In what the runs of a card were built or run differently enough from `run` to change numbers:
/// "commit 0123 -> 4567", the last of them; "" where in nothing.
std::string other_build(const nlohmann::json& card, const nlohmann::json& run);

/// "AMD EPYC 7B13, commit 0123", with " or " between several.
std::string machines_of(const nlohmann::json& card);

}  // namespace experiments::harness
