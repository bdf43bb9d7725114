#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "data/pretraining.h"
#include "experiments/beyond/forgetting.h"
#include "experiments/training/batches.h"
#include "lora/analysis/head_products.h"
#include "lora/analysis/intruders.h"
#include "lora/lora_linear.h"

namespace experiments::beyond::forgetting {

namespace {

using lora::MatrixXd;

const std::vector<data::BaseTask>& truthful_tasks() {
  using enum data::BaseTask;
  static const std::vector<data::BaseTask> tasks{sqlgen, nli, isa, reorder};
  return tasks;
}

// Whether its weight is another than before: trained itself, or wrapped by LoRA.
bool is_adapted(const nn::Projection& projection) {
  if (const auto* linear = dynamic_cast<const nn::Linear*>(&projection))
    return linear->weight.trainable;
  return dynamic_cast<const lora::LoraLinear*>(&projection) != nullptr;
}

std::map<std::string, MatrixXd> weights_of(nn::Module& model) {
  std::map<std::string, MatrixXd> weights;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    if (const auto* linear = dynamic_cast<const nn::Linear*>(slot.get()))
      weights[name] = linear->weight.value.m.cast<double>();
  });
  return weights;
}

MatrixXd shorter_side(const MatrixXd& weight) {
  const lora::Svd parts = lora::svd(weight);
  return weight.rows() <= weight.cols() ? parts.U : parts.V;
}

}  // namespace

const std::vector<std::string>& pretraining_tasks() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const data::BaseTask task : truthful_tasks()) list.emplace_back(data::to_string(task));
    return list;
  }();
  return names;
}

void measure_pretraining(const Base& base, nn::Model& trained, CellResult& result) {
  constexpr std::uint64_t examples_each = 250;
  for (const data::BaseTask task : truthful_tasks()) {
    std::vector<data::Example> examples;
    for (std::uint64_t i = 0; i < examples_each; ++i)
      examples.push_back(data::base_example(task, base.config.seed, i));
    const nn::Score score = evaluate_or_nan(trained, examples);
    result.more[fmt::format("pretraining_nll.{}", data::to_string(task))] =
        score.nll / score.weight;
  }
}

void measure_intruders(nn::Module& base, nn::Module& trained, CellResult& result) {
  const std::map<std::string, MatrixXd> before = weights_of(base);
  trained.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    if (!is_adapted(*slot)) return;
    const MatrixXd after = lora::effective_weight(*slot);
    double intruders = std::numeric_limits<double>::quiet_NaN(), cosine = intruders;
    if (after.allFinite()) {
      const lora::VectorXd cosines = lora::best_cosines(
          shorter_side(after), shorter_side(before.at(name)), intruder_directions);
      intruders = static_cast<double>(lora::count_intruders(cosines, intruder_epsilon));
      cosine = cosines.mean();
    }
    result.more["intruders." + name] = intruders;
    result.more["best_cosine." + name] = cosine;
  });
}

}  // namespace experiments::beyond::forgetting
