#include "experiments/cli/trace.h"

#include <fmt/format.h>

#include <cmath>

#include "experiments/training/batches.h"
#include "nn/files/file.h"
#include "nn/files/safetensors.h"

namespace experiments::cli {

namespace fs = std::filesystem;

static nn::TokenBatch first_rows(const Cell& cell, int rows) {
  const data::Task& task = data::parse_task(cell.task);
  return token_batch(data::make_batch(
      data::examples(task, task_options(cell), data::Split::train, cell.seed, rows)));
}

// A tenth of the spread that would make s B A x as large as W0 x: what a short training leaves.
static void draw_b(nn::Module& model, std::uint64_t seed) {
  for (const auto& [name, layer] : lora::lora_layers(model)) {
    nn::Random random(seed, layer->B.name + ".trace");
    const double stddev = 0.1 / std::sqrt(static_cast<double>(layer->spec.rank));
    layer->B.set(random.normal(layer->B.value.shape, stddev));
  }
}

TracedStep::TracedStep(const Base& shared, const Cell& traced, int rows)
    : cell(traced),
      base(shared.config),
      model(prepare(shared, cell)),
      batch(first_rows(cell, rows)),
      tape(autograd::TapeMode::everything) {
  draw_b(*model, cell.seed);
  loss = nn::token_loss({tape}, *model, batch);
  tape.backward(loss);
}

static std::map<std::string, std::string> metadata(const TracedStep& step) {
  const nn::DecoderConfig& config = step.base.model;
  std::map<std::string, std::string> about{
      {"heads", fmt::to_string(config.heads)},
      {"gelu", config.gelu == autograd::Gelu::erf ? "erf" : "tanh"},
      {"tied", config.tied ? "true" : "false"},
      {"layernorm_eps", fmt::to_string(nn::layernorm_eps)},
      {"mode", step.cell.method},
      {"lora_scale", "0"},
      {"task", step.cell.task},
      {"seed", fmt::to_string(step.cell.seed)},
      {"base_seed", fmt::to_string(step.base.seed)},
      {"base_steps", fmt::to_string(step.base.steps)}};
  if (step.cell.method == "lora") {
    const auto scaling = lora::parse_scaling(step.cell.scaling);
    about["lora_scale"] = fmt::to_string(lora::scale(scaling, step.cell.alpha, step.cell.rank));
    about["targets"] = weight_set(step.cell.targets);
    about["rank"] = fmt::to_string(step.cell.rank);
    about["alpha"] = fmt::to_string(step.cell.alpha);
    about["scaling"] = step.cell.scaling;
  }
  return about;
}

void save(const TracedStep& step, const fs::path& path) {
  nn::SafetensorsWriter file;
  file.metadata = metadata(step);
  for (const nn::Parameter* p : nn::parameters(*step.model)) {
    file.add("param." + p->name, p->value);
    if (p->trainable) file.add("grad." + p->name, p->grad);
  }
  const auto B = static_cast<std::uint64_t>(step.batch.B),
             T = static_cast<std::uint64_t>(step.batch.T);
  file.add("ids", step.batch.ids, {B, T});
  file.add("targets", step.batch.targets, {B, T});
  nn::Tensor weights({step.batch.B, step.batch.T});
  std::copy(step.batch.weights.begin(), step.batch.weights.end(), weights.m.data());
  file.add("loss_weight", weights);
  file.add("logits", all_logits(*step.model, step.batch));
  file.add("loss", step.loss.value());
  nn::create_folders(path.parent_path());
  file.write(path);
}

}  // namespace experiments::cli
