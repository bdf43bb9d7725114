#pragma once

#include "experiments/harness/parts.h"
#include "experiments/harness/run_card.h"

/// Reading a results folder. Only for source files: it includes the whole JSON library.
namespace experiments::harness {

/// What a folder has in cells.jsonl with run.json, and in all parts with their cards.
struct FolderContents {
  nlohmann::json run_json;  ///< as it is there; null where it is not
  nlohmann::json card;      ///< the union of all cards
  UnitedCells cells;
  std::vector<PlacedResult> only_in_parts;   ///< what cells.jsonl lacks
  std::vector<std::filesystem::path> parts;  ///< that have such cells
};

/// Throws ResultsError: a card is missing or of another work than `card`; as read_cell_lines and
/// UnitedCells::add.
FolderContents read_contents(const std::filesystem::path& folder, const RunCard& card);

}  // namespace experiments::harness
