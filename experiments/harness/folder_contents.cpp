#include "experiments/harness/folder_contents.h"

#include <fmt/format.h>

namespace experiments::harness {

namespace fs = std::filesystem;

namespace {

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

void read_part(const fs::path& part, const RunCard& card, FolderContents& contents) {
  const std::vector<PlacedResult> lines = read_cell_lines(part);
  if (lines.empty()) return;
  if (!is_there(card_of_part(part)))
    throw ResultsError(fmt::format("{} has cells but no {}; remove it", part.string(),
                                   card_of_part(part).filename().string()));
  const nlohmann::json of_part = read_card(card_of_part(part), card);
  contents.card = united_card(contents.card, of_part);
  bool is_new = false;
  for (const PlacedResult& line : lines) {
    if (!contents.cells.add(line, machines_of(of_part))) continue;
    contents.only_in_parts.push_back(line);
    is_new = true;
  }
  if (is_new) contents.parts.push_back(part);
}

}  // namespace

FolderContents read_contents(const fs::path& folder, const RunCard& card) {
  FolderContents contents;
  contents.card = card_of_nothing(card);
  const std::vector<PlacedResult> lines = read_cell_lines(folder / "cells.jsonl");
  if (is_there(folder / "run.json")) {
    contents.run_json = contents.card = read_card(folder / "run.json", card);
  } else if (is_there(folder / "cells.jsonl") && fs::file_size(folder / "cells.jsonl") > 0) {
    throw ResultsError(
        fmt::format("{} has cells but no run.json; choose another --out, or --fresh to remove them",
                    folder.string()));
  }
  for (const PlacedResult& line : lines) contents.cells.add(line, machines_of(contents.card));
  for (const fs::path& part : part_files(folder)) read_part(part, card, contents);
  return contents;
}

}  // namespace experiments::harness
