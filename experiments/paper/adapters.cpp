#include "experiments/paper/adapters.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "experiments/paper/permuted_labels.h"
#include "experiments/training/labels.h"
#include "lora/files/adapter.h"

namespace experiments::paper {

const char* to_string(AlphaRule rule) {
  return rule == AlphaRule::fixed ? "fixed" : "proportional";
}

std::vector<int> adapter_ranks(const Settings& options) {
  if (options.preset == Preset::full) return {1, 2, 4, 8, 16};
  return {1, 4, 8, 16};
}

Cell adapter_cell(Cell repetition, const Settings& options, int rank, AlphaRule rule) {
  Cell cell = lora_cell(std::move(repetition), options, {"q", "v"}, rank);
  if (rule == AlphaRule::proportional) cell.alpha = 2 * rank;
  return cell;
}

std::vector<Cell> adapter_cells(const Settings& options, const std::vector<int>& ranks) {
  std::vector<Cell> cells;
  for (const Cell& repetition : repetitions(options))
    for (const int rank : ranks) cells.push_back(adapter_cell(repetition, options, rank));
  return cells;
}

std::vector<Cell> permuted_cells(const Settings& options, const std::vector<int>& ranks) {
  std::vector<Cell> cells;
  for (const Cell& cell : adapter_cells(options, ranks))
    if (options.preset == Preset::full || cell.rank >= 4)
      cells.push_back(permuted_twin(cell, options.preset));
  return cells;
}

std::string kind_of(const std::string& projection) {
  return projection.substr(projection.rfind('.') + 1);
}

namespace {

// In the results folder.
std::string folder_name(const Cell& cell) {
  return fmt::format("adapters/{:016x}", autograd::fnv1a(cell.key()));
}

std::filesystem::path folder_of(const Settings& options, const Cell& cell) {
  return options.out / folder_name(cell);
}

bool is_finite(const lora::LoraLinear& layer) {
  return layer.A.value.m.allFinite() && layer.B.value.m.allFinite();
}

// Nothing where the run diverged.
std::optional<AdaptedModel> read(const Settings& options, const Bases& bases, const Cell& cell) {
  const auto model = copy_of(*bases.of(cell).model);
  lora::load_adapter(folder_of(options, cell), *model);
  AdaptedModel adapted{cell, {}};
  for (const auto& [name, layer] : lora::lora_layers(*model)) {
    if (!is_finite(*layer)) return std::nullopt;
    adapted.matrices[name] = {layer->w0().m.cast<double>(), layer->A.value.m.cast<double>(),
                              lora::delta_svd(*layer)};
  }
  return adapted;
}

}  // namespace

std::vector<Cell> beside(const std::vector<Cell>& asked, const std::vector<CellResult>& results,
                         const Settings& options) {
  const auto setting = [](const Cell& cell) {
    return std::tuple(cell.rank, cell.alpha, cell.scaling, cell.labels, cell.rounding);
  };
  const auto place = [&](const Cell& cell) {
    return std::tuple(setting(cell), cell.task, cell.base_seed, cell.seed);
  };
  std::set<decltype(setting(Cell()))> settings;
  std::map<decltype(place(Cell())), std::string> taken;
  for (const Cell& cell : asked) {
    settings.insert(setting(cell));
    taken.emplace(place(cell), "");
  }
  std::vector<Cell> others;
  for (const CellResult& result : results) {
    const Cell& cell = result.cell;
    if (!settings.contains(setting(cell)) || (cell.facts > 0 && cell.facts != options.facts))
      continue;
    const auto [before, added] = taken.emplace(place(cell), cell.key());
    if (added) {
      others.push_back(cell);
    } else if (!before->second.empty()) {  // empty: it was asked for
      throw std::invalid_argument(
          fmt::format("two adapters for one place: {} and {}", before->second, cell.key()));
    }
  }
  return others;
}

Finding resting_on(Finding finding, const std::vector<AdaptedModel>& models, const Which& which) {
  std::set<std::string> keys;
  std::map<std::string, std::string> labels;
  for (const AdaptedModel& model : models) {
    labels[model.cell.task] = task_label(model.cell);
    if (which(model.cell)) keys.insert(model.cell.key());
  }
  finding.cells = static_cast<int>(keys.size());
  for (Finding::Part& part : finding.parts)
    if (const auto label = labels.find(part.task); label != labels.end()) part.task = label->second;
  return finding;
}

void keep_adapter(const Lab& lab, nn::Model& trained, CellResult& result) {
  const BaseConfig& base = lab.bases.of(result.cell).config;
  lora::save_adapter(folder_of(lab.settings, result.cell), trained,
                     {base_path(base, "").string(), labels(result.cell, base)});
  result.adapter = folder_name(result.cell);
  measure_own_loss(trained, result);
}

std::vector<AdaptedModel> adapted_models(const Results& results, Lab& lab) {
  const Settings& options = lab.settings;
  std::vector<Cell> cells = results.asked;
  const std::vector<Cell> others = beside(cells, results.all, options);
  cells.insert(cells.end(), others.begin(), others.end());
  // One order, whatever was asked for: sums then have the same last bits.
  const auto place = [&](const Cell& cell) {
    return std::tuple(cell.base_seed, data::task_place(cell.task), cell.seed, cell.rank,
                      cell.alpha != options.alpha, cell.alpha, is_permuted(cell), cell.rounding);
  };
  std::stable_sort(cells.begin(), cells.end(),
                   [&](const Cell& a, const Cell& b) { return place(a) < place(b); });

  std::vector<AdaptedModel> models;
  int diverged = 0;
  for (const Cell& cell : cells) {
    lab.bases.prepare(cell);  // where every cell was there already, no base was needed until now
    if (auto model = read(options, lab.bases, cell))
      models.push_back(std::move(*model));
    else
      ++diverged;
  }
  if (diverged > 0)
    lab.progress.message(
        fmt::format("{} of {} runs diverged and have no singular vectors; they are "
                    "left out",
                    diverged, cells.size()));
  return models;
}

}  // namespace experiments::paper
