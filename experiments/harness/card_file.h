#pragma once

#include <filesystem>
#include <string>

#include "experiments/harness/cells_file.h"
#include "experiments/harness/run_card.h"

/// Run cards as files: run.json, and the card beside the part of a shard. Only for source files: it
/// includes the whole JSON library.
namespace experiments::harness {

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
