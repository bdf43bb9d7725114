#include "experiments/cli/analyse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/beyond/rank_estimate.h"
#include "experiments/training/adapt.h"
#include "lora/analysis/activations.h"
#include "nn/files/numbers.h"
#include "nn/loss.h"

namespace experiments::cli {

namespace {

MatrixReading read_matrix(const std::string& name, const lora::LoraLinear& layer,
                          const Moments& moments) {
  const lora::MatrixXd W = layer.w0().m.cast<double>(), &C = moments.inputs.at(name);
  const lora::MatrixXd root = lora::square_root(C);
  MatrixReading reading;
  reading.name = name;
  reading.change = lora::delta_svd(layer);
  reading.weighted = lora::whitened_delta_svd(layer, root).sigma;
  reading.inputs = lora::svd(C).sigma;
  const lora::Index r = reading.change.sigma.size();
  reading.seen = lora::amplification(W, lora::svd(W), reading.change, r,
                                     autograd::Random(0, "analyse.random." + name));
  reading.estimated = rank_at_gap(reading.weighted, lora::product(W, root).norm());
  reading.noise = noise_reading(
      W, noise_draws(C, moments.gradients.at(name), autograd::Random(0, "analyse.noise." + name)),
      r);
  return reading;
}

// What the cell was, as far as its training examples go; nothing where the labels do not say.
std::optional<Cell> trained_cell(const SourcedModel& sourced, const TaskChoice& choice) {
  const auto whole = [&](const char* key) -> std::optional<long> {
    const auto found = sourced.labels.find(key);
    return found == sourced.labels.end() ? std::nullopt : nn::read_whole(found->second);
  };
  const std::optional<TaskChoice> labelled = labelled_task(sourced);
  const auto seed = whole("seed"), examples = whole("examples");
  constexpr long most = 100'000;
  if (!labelled || !(labelled->task == choice.task) || !seed || !examples || *seed < 0 ||
      *examples < 1 || *examples > most)
    return std::nullopt;
  Cell cell;
  cell.task = labelled->task.name;
  if (labelled->task.has_facts) cell.facts = labelled->options.facts;
  cell.seed = static_cast<std::uint64_t>(*seed);
  cell.data_seed = static_cast<std::uint64_t>(std::max(0L, whole("data_seed").value_or(0)));
  cell.examples = static_cast<int>(*examples);
  if (const auto labels = sourced.labels.find("labels"); labels != sourced.labels.end())
    cell.labels = labels->second;
  return cell.labels == "true" || cell.labels == "permuted" ? std::optional(cell) : std::nullopt;
}

OwnLoss own_loss(nn::Model& model, const Cell& cell) {
  const std::vector<data::Example> examples = training_examples(cell);
  const nn::Score score = evaluate(model, examples);
  return {score.nll / score.weight, data::blind_loss(examples)};
}

}  // namespace

std::vector<MatrixReading> read_matrices(const std::string& adapter, nn::Module& model,
                                         const Moments& moments) {
  std::vector<MatrixReading> matrices;
  for (const auto& [name, layer] : lora::lora_layers(model)) {
    if (!layer->A.value.m.allFinite() || !layer->B.value.m.allFinite())
      throw std::invalid_argument(
          fmt::format("{}: {} is not finite; its training diverged", adapter, name));
    if (layer->A.value.m.isZero(0) || layer->B.value.m.isZero(0))
      throw std::invalid_argument(
          fmt::format("{}: ΔW of {} is zero, so it has no directions", adapter, name));
    matrices.push_back(read_matrix(name, *layer, moments));
  }
  return matrices;
}

AdapterReading read_adapter(const SourcedModel& sourced, const TaskChoice& choice,
                            const Moments& moments) {
  if (lora::lora_layers(*sourced.model).empty())
    throw std::invalid_argument(
        fmt::format("{} was trained by {}, which has no ΔW = s B A to read; "
                    "analyse reads adapters of LoRA",
                    sourced.adapter, sourced.method));
  AdapterReading reading;
  reading.adapter = sourced.adapter;
  reading.matrices = read_matrices(sourced.adapter, *sourced.model, moments);
  const std::optional<Cell> cell = trained_cell(sourced, choice);
  reading.labels = cell ? cell->labels : "true";
  if (cell) reading.own = own_loss(*sourced.model, *cell);
  reading.score = score_task(*sourced.model, data::test_set(choice.task, choice.options));
  return reading;
}

namespace {

SharedDirections shared_in(const MatrixReading& a, const MatrixReading& b, bool inputs) {
  const lora::MatrixXd& U = inputs ? a.change.V : a.change.U;
  const lora::MatrixXd& V = inputs ? b.change.V : b.change.U;
  const double cosine = lora::largest_cosine(U, V);
  const NoiseReading& noise = (U.cols() < V.cols() ? a : b).noise;
  const lora::MatrixXd& of_side = inputs ? noise.similarity_right : noise.similarity_left;
  return {.matrix = a.name,
          .inputs = inputs,
          .phi = lora::similarity_grid(U, V),
          .d = U.rows(),
          .largest_cosine = cosine * cosine,
          .chance = lora::chance_largest_cosine(U.cols(), V.cols(), U.rows()),
          .noise = of_side(of_side.rows() - 1, of_side.cols() - 1)};
}

}  // namespace

std::vector<SharedDirections> shared_directions(const AdapterReading& a, const AdapterReading& b) {
  std::vector<SharedDirections> all;
  for (const MatrixReading& of_a : a.matrices)
    for (const MatrixReading& of_b : b.matrices)
      if (of_a.name == of_b.name)
        for (const bool inputs : {true, false}) all.push_back(shared_in(of_a, of_b, inputs));
  if (all.empty())
    throw std::invalid_argument(
        fmt::format("{} and {} adapt no matrix in common", a.adapter, b.adapter));
  return all;
}

}  // namespace experiments::cli
