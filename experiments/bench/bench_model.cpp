#include "experiments/bench/bench_model.h"

#include <algorithm>
#include <string>

#include "experiments/bench/bench_step.h"
#include "experiments/harness/peak_memory.h"
#include "experiments/harness/timing.h"
#include "lora/inject.h"
#include "nn/optimizer.h"

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

// The head's labels are the ids themselves, or the first class.
void time_learning(nn::Pretrained& model, const ModelBench& bench, ModelTiming& timing) {
  lora::LoraConfig config;
  config.targets = bench.targets;
  if (bench.targets.empty()) config.targets_regex = ".*";
  lora::inject(model, config, /*seed=*/1);
  timing.trainable = nn::count(nn::trainable_parameters(model));
  const nn::Inputs inputs{bench.rows, timing.positions,
                          some_ids(bench.rows * timing.positions, model.vocabulary())};
  const std::vector<int> labels = model.head == nn::Head::classifier
                                      ? std::vector<int>(static_cast<std::size_t>(bench.rows), 0)
                                      : inputs.ids;
  nn::AdamW optimizer({{nn::trainable_parameters(model)}});
  nn::Tape tape(autograd::TapeMode::training);
  const auto step = [&] {
    tape.clear();
    const nn::Var last = model.hidden({tape}, inputs);
    const nn::Var loss = nn::loss({tape}, model, inputs, last, labels);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(1e-3);
  };
  step();  // allocates
  timing.step_ms = 1e3 * seconds_of(step);
}

double mb_in_memory(nn::Module& model) {
  double bytes = 0;
  for (const nn::Parameter* p : nn::parameters(model))
    bytes += p->half ? 2.0 * static_cast<double>(p->half->size())
                     : static_cast<double>(p->value.bytes());
  return 1e-6 * bytes;
}

// Whether LoRA is to tell the pieces of GPT-2's c_attn apart.
bool splits(const std::vector<std::string>& targets) {
  return std::ranges::any_of(targets,
                             [](const std::string& t) { return t == "q" || t == "k" || t == "v"; });
}

}  // namespace

ModelTiming time_model(const ModelBench& bench) {
  use_threads(1);
  ModelTiming timing;
  const nn::ModelFolder folder(bench.folder);
  const nn::ModelOptions options{
      .split_c_attn = folder.model_type() == "gpt2" && splits(bench.targets),
      .frozen = bench.frozen};
  std::unique_ptr<nn::Pretrained> model;
  timing.load_s = seconds_of(
      [&] { model = bench.random ? folder.random(/*seed=*/1, options) : folder.load(options); });
  timing.peak_mb = peak_mb();
  timing.parameters = nn::count(nn::parameters(*model));
  timing.float_mb = 4e-6 * static_cast<double>(timing.parameters);
  timing.weights_mb = mb_in_memory(*model);
  if (model->head == nn::Head::causal && bench.tokens > 0) {
    timing.with = time_decoding(*model, bench.tokens, true);
    timing.without = time_decoding(*model, bench.tokens, false);
  }
  constexpr nn::Index enough = 128;
  timing.positions = bench.length > 0 ? bench.length : std::min(enough, model->context());
  if (model->head != nn::Head::none) time_learning(*model, bench, timing);
  timing.step_peak_mb = peak_mb();
  return timing;
}

}  // namespace experiments::bench
