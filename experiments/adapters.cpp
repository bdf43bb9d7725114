#include "experiments/adapters.h"

#include <fmt/format.h>

#include <set>

#include "lora/adapter.h"

namespace experiments {

const char* to_string(AlphaRule rule) {
  return rule == AlphaRule::fixed ? "fixed" : "proportional";
}

std::vector<int> adapter_ranks(const StudyOptions& options) {
  if (options.preset == "full") return {1, 2, 4, 8, 16};
  return {1, 4, 8, 16};
}

Cell adapter_cell(Cell repetition, const StudyOptions& options, int rank, AlphaRule rule) {
  Cell cell = lora_cell(std::move(repetition), options, {"q", "v"}, rank);
  if (rule == AlphaRule::proportional) cell.alpha = 2 * rank;
  cell.experiment = "adapters";
  return cell;
}

std::string kind_of(const std::string& projection) {
  return projection.substr(projection.rfind('.') + 1);
}

namespace {

std::filesystem::path folder_of(const StudyOptions& options, const Cell& cell) {
  return options.out / "adapters" / fmt::format("{:016x}", autograd::fnv1a(cell.key()));
}

bool is_finite(const lora::LoraLinear& layer) {
  return layer.A.value.m.allFinite() && layer.B.value.m.allFinite();
}

// Nothing where the run diverged.
std::optional<AdaptedModel> read(const StudyOptions& options, const Bases& bases,
                                 const Cell& cell) {
  const std::unique_ptr<nn::Decoder> model = copy_of(*bases.of(cell).model);
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

std::optional<std::vector<AdaptedModel>> adapted_models(std::vector<Cell> cells,
                                                        const StudyOptions& options, Bases& bases,
                                                        Progress& progress) {
  if (!set_learning_rates(cells, options, bases, progress)) return std::nullopt;
  // The adapter is on disk before its cell counts as finished.
  const Measure save = [&](nn::Decoder& trained, CellResult& result) {
    lora::save_adapter(folder_of(options, result.cell), trained);
  };
  if (!run_study({.name = "adapters", .cells = cells, .measure = save}, options, bases, progress))
    return std::nullopt;

  std::vector<AdaptedModel> models;
  int diverged = 0;
  for (const Cell& cell : cells) {
    bases.prepare(cell);  // where every cell was there already, no base was needed until now
    if (auto model = read(options, bases, cell))
      models.push_back(std::move(*model));
    else
      ++diverged;
  }
  if (diverged > 0)
    progress.message(
        fmt::format("{} of {} runs diverged and have no singular vectors; they are "
                    "left out",
                    diverged, cells.size()));
  return models;
}

}  // namespace experiments
