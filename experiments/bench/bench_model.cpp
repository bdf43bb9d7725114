#include "experiments/bench/bench_model.h"

#include <algorithm>
#include <string>

#include "experiments/bench/bench_step.h"
#include "experiments/harness/peak_memory.h"
#include "experiments/harness/timing.h"
#include "lora/inject.h"
#include "nn/models/model_folder.h"

namespace experiments::bench {

namespace {

std::vector<int> some_ids(nn::Index count, nn::Index vocabulary) {
  nn::Random random(1, "bench.model");
  std::vector<int> ids;
  for (nn::Index i = 0; i < count; ++i)
    ids.push_back(static_cast<int>(random.uniform() * static_cast<double>(vocabulary)));
  return ids;
}

DecodeTiming time_decoding(nn::Pretrained& model, int tokens, bool reuse) {
  DecodeTiming timing;
  nn::Random random(1, "bench.model.decode");
  const std::vector<int> prompt = some_ids(1, model.vocabulary());
  nn::Decoded decoded;
  const double seconds = seconds_of(
      [&] { decoded = nn::decode(model, prompt, {.max_tokens = tokens, .reuse = reuse}, random); });
  timing.tokens = static_cast<nn::Index>(decoded.ids.size());
  timing.products = decoded.products;
  timing.tokens_per_s = static_cast<double>(timing.tokens) / seconds;
  return timing;
}

// One row; the head's labels are the ids themselves, or the first class.
double time_learning(nn::Pretrained& model, nn::Index positions) {
  lora::LoraConfig config;
  config.targets_regex = ".*";
  lora::inject(model, config, /*seed=*/1);
  const nn::Inputs inputs{1, positions, some_ids(positions, model.vocabulary()), {}, {}};
  const std::vector<int> labels =
      model.head == nn::Head::classifier ? std::vector<int>{0} : inputs.ids;
  return seconds_of([&] {
    nn::Tape tape(autograd::TapeMode::training);
    const nn::Var last = model.hidden({tape}, inputs);
    tape.backward(nn::loss({tape}, model, inputs, last, labels));
  });
}

}  // namespace

ModelTiming time_model(const std::filesystem::path& folder, int tokens) {
  use_threads(1);
  ModelTiming timing;
  std::unique_ptr<nn::Pretrained> model;
  timing.load_s = seconds_of([&] { model = nn::ModelFolder(folder).load(); });
  timing.peak_mb = peak_mb();
  timing.parameters = nn::count(nn::parameters(*model));
  timing.float_mb = 4e-6 * static_cast<double>(timing.parameters);
  if (model->head == nn::Head::causal) {
    timing.with = time_decoding(*model, tokens, true);
    timing.without = time_decoding(*model, tokens, false);
  }
  constexpr nn::Index enough = 128;
  timing.positions = std::min(enough, model->context());
  if (model->head != nn::Head::none) timing.step_ms = 1e3 * time_learning(*model, timing.positions);
  return timing;
}

}  // namespace experiments::bench
