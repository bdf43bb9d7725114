#include "experiments/harness/cell_cost.h"

#include <span>
#include <string>

#include "experiments/harness/timing.h"
#include "experiments/training/adapt.h"
#include "experiments/training/batches.h"
#include "lora/inject.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

namespace experiments::harness {

// Tokens of a batch times steps, at a cost per token as the cells of table5 and table7 took it, two
// at a time on two cores.
constexpr double seconds_per_token = 3.7e-6;          // of LoRA at the width of 64
constexpr double seconds_per_token_of_all = 4.7e-6;   // of full fine-tuning
constexpr double seconds_per_token_of_gate = 2.3e-6;  // in a recurrent layer of 128 units

// Expected peak memory of one cell: a copy of the model and a step's tensors.
constexpr std::size_t bytes_per_cell = 40'000'000;

double expected_seconds(const Cell& cell) {
  if (cell.method == "frozen") return 0.1;
  // A student's step, measured on a 2.6 GHz AVX-512 core. Those of known-rank's usual teachers have
  // others beside them, which take 3.6 times as many; the rest adapt up to eight matrices.
  if (cell.method == "student") return 3e-3 * (cell.task == "uniform" ? 4.6 : 1.5) * cell.steps;
  // Of a model of one's own only how its cells compare, which is all that shards ask: they deal alike
  // on every machine. Who runs them measures (Experiment::costs).
  if (!has_own_base(cell)) return (cell.method == "full" ? 1.5 : 1.0) * cell.steps;
  const data::Example any =
      data::example(data::parse_task(cell.task), task_options(cell), data::Split::train, 0, 0);
  double length = data::make_batch(std::span(&any, 1)).length;
  if (cell.method.find("prefix") != std::string::npos || cell.method == "prompt-encoder")
    length += cell.size;  // positions before the tokens
  if (is_recurrent(cell)) {
    const double wider = cell.width / 128.0, gates = cell.architecture == "lstm" ? 4 : 3;
    return 0.1 + 32 * length * cell.steps * seconds_per_token_of_gate * gates * wider * wider *
                     cell.depth;
  }
  const double wider = cell.width / 64.0, deeper = cell.depth / 2.0;
  const double per_token = (cell.method == "full" ? seconds_per_token_of_all : seconds_per_token) *
                           wider * wider * deeper;
  const double projecting = cell.method == "subspace" ? 3e-3 * cell.steps : 0;
  return 0.1 + 32 * length * cell.steps * per_token + projecting;
}

double slowness() {
  nn::Decoder model(base_config(0, 0).model, /*seed=*/0);
  lora::LoraConfig config;
  config.targets = {"q", "v"};
  config.spec.rank = 4;
  lora::inject(model, config, /*seed=*/0);
  const auto batch = token_batch(data::make_batch(
      data::examples(data::tasks::nli, {}, data::Split::train, /*seed=*/0, /*count=*/32)));
  nn::AdamW optimizer({{nn::trainable_parameters(model)}});
  nn::Tape tape(autograd::TapeMode::training);
  const auto step = [&] {
    tape.clear();
    const nn::Var loss = nn::token_loss({tape}, model, batch);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(1e-3);
  };
  // The fastest: at the start of a program the first ones take two to three times as long.
  const double seconds = quantile(interleaved_seconds({step}, 6, 0.05).front(), 0);
  return seconds / (static_cast<double>(batch.B * batch.T) * seconds_per_token);
}

SweepOptions training_sweep(int jobs) {
  return {.jobs = jobs,
          .expected_seconds = expected_seconds,
          .slowness = slowness,
          .bytes_per_cell = bytes_per_cell,
          .continue_with = {}};
}

}  // namespace experiments::harness
