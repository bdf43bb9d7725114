#include "experiments/harness/reuse.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/harness/results.h"
#include "experiments/harness/run_card.h"
#include "experiments/training/pretrain.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::harness {

namespace fs = std::filesystem;

namespace {

// Cells name everything else. The search of learning rates has no "settings": it scores on
// validation examples.
bool is_trained_alike(const nlohmann::json& card, const nlohmann::json& base) {
  const nlohmann::json configuration = card.value("configuration", nlohmann::json());
  return configuration.contains("base") && configuration["base"] == base &&
         configuration.contains("settings") && configuration["settings"].empty();
}

// A folder's files of cells, each with its card: one part may be of this machine and another not.
std::vector<std::pair<fs::path, fs::path>> files_of(const fs::path& folder) {
  std::vector<std::pair<fs::path, fs::path>> files{{folder / "cells.jsonl", folder / "run.json"}};
  for (const fs::path& part : part_files(folder)) files.emplace_back(part, card_of_part(part));
  return files;
}

}  // namespace

nlohmann::json base_of_all(const Settings& settings) {
  nlohmann::json base = nlohmann::json::parse(to_json(base_config(0, settings.base_steps)));
  base.erase("seed");
  return base;
}

std::map<std::string, CellResult> trained_by_others(const Settings& settings,
                                                    const std::string& experiment) {
  std::map<std::string, CellResult> found;
  if (settings.start == Start::fresh) return found;
  const nlohmann::json base = base_of_all(settings), machine = machine_facts(settings.jobs);
  std::error_code unreadable;
  const auto take = [&](const std::string& name, const fs::path& cells, const fs::path& its_card) {
    const nlohmann::json card = nn::parse_json_object(nn::read_file(its_card));
    if (card.value("experiment", "") != name || !is_trained_alike(card, base) ||
        card.at("runs").empty() || !other_build(card, machine).empty())
      return;
    for (CellResult& result : read_cells(cells)) {
      std::erase_if(result.more, [](const auto& entry) { return entry.first != "train_nll"; });
      found.try_emplace(result.cell.key(), std::move(result));
    }
  };
  for (const fs::path& folder : entries_of(settings.out, unreadable)) {
    const std::string name = folder.filename().string();
    if (name == experiment || !fs::is_directory(folder, unreadable)) continue;
    for (const auto& [cells, card] : files_of(folder)) {
      try {
        take(name, cells, card);
      } catch (const std::exception&) {  // whoever opens that folder is told what is wrong with it
      }
    }
  }
  return found;
}

std::string reuse_text(const std::vector<CellResult>& reused) {
  std::map<std::string, int> by;
  for (const CellResult& result : reused) ++by[result.experiment];
  std::vector<std::string> parts;
  for (const auto& [experiment, count] : by)
    parts.push_back(fmt::format("{} by {}", count, experiment));
  return fmt::format("{} of the cells were trained by others: {}", reused.size(),
                     fmt::join(parts, ", "));
}

}  // namespace experiments::harness
