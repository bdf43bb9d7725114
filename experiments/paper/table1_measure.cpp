#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "experiments/harness/timing.h"
#include "experiments/paper/table1.h"
#include "experiments/training/pretrain.h"
#include "lora/merge.h"
#include "lora/methods/method.h"

namespace experiments::paper::table1 {

namespace {

nn::DecoderConfig latency_config() {
  nn::DecoderConfig config = BaseConfig::default_model();
  config.context = 128;
  return config;
}

lora::MethodSpec lora_spec() {
  lora::MethodSpec spec{"lora"};
  spec.lora.targets = {"q", "v"};
  return spec;
}

// With B = 0 a merge would change nothing.
void draw_B(nn::Module& model, std::uint64_t seed) {
  for (auto& [name, layer] : lora::lora_layers(model)) {
    nn::Random random(seed, "table1." + name);
    for (nn::Index i = 0; i < layer->B.value.m.size(); ++i)
      layer->B.value.m.data()[i] = static_cast<nn::Scalar>(0.1 * random.normal());
  }
}

std::unique_ptr<nn::Decoder> plain(std::uint64_t seed = 1) {
  auto model = std::make_unique<nn::Decoder>(latency_config(), seed);
  nn::set_trainable(*model, false);
  return model;
}

std::unique_ptr<nn::Decoder> with_lora(std::uint64_t seed = 1) {
  auto model = plain();
  lora::wrap(*model, lora_spec(), seed);
  draw_B(*model, seed);
  return model;
}

std::unique_ptr<nn::Model> model_named(const std::string& name) {
  if (name == "base" || name == "base again") return plain();
  if (name == "LoRA") return with_lora();
  if (name == "LoRA merged") {
    auto model = with_lora();
    lora::merge(*model);
    return model;
  }
  lora::MethodSpec wanted;
  for (const char* method : {"adapter-h", "adapter-l", "prefix-embedding", "prefix-layer"}) {
    std::string title = method;
    if (title.starts_with("adapter"))
      title[0] = 'A', title.back() = title.back() == 'h' ? 'H' : 'L';
    if (title == name) wanted.name = method;
  }
  const lora::Index budget = lora::count(lora_spec(), latency_config());
  auto model = plain();
  lora::wrap(*model, lora::nearest(wanted, budget, latency_config()), 1);
  return model;
}

std::vector<int> some_tokens(int n, nn::Index vocabulary) {
  nn::Random random(1, "table1.tokens");
  std::vector<int> ids;
  for (int i = 0; i < n; ++i)
    ids.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(vocabulary))));
  return ids;
}

// Logits at every position.
const nn::Tensor& forward(nn::Tape& tape, nn::Model& model, const LatencyCase& at,
                          const std::vector<int>& ids) {
  tape.clear();
  const nn::Tokens tokens{at.batch, at.length, ids};
  return model.logits({tape}, tokens, nn::all_positions(tokens)).value();
}

double largest(const nn::Matrix& m) { return static_cast<double>(m.cwiseAbs().maxCoeff()); }

// Sets the weights to W0 + ΔW by what the definition says, without lora::merge.
std::unique_ptr<nn::Decoder> plain_with_sum(nn::Module& wrapped) {
  auto model = plain();
  std::map<std::string, lora::LoraLinear*> layers;
  for (auto& [name, layer] : lora::lora_layers(wrapped)) layers[name] = layer;
  model->visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    const auto found = layers.find(name);
    if (found == layers.end()) return;
    const Eigen::MatrixXd sum = found->second->w0().m.cast<double>() + found->second->delta();
    nn::Parameter& weight = dynamic_cast<nn::Linear&>(*slot).weight;
    weight.value.m = sum.cast<nn::Scalar>();
    ++weight.version;
  });
  return model;
}

}  // namespace

const std::vector<std::string>& latency_models() {
  static const std::vector<std::string> names{
      "base",      "base again", "LoRA merged",      "LoRA",
      "Adapter-H", "Adapter-L",  "prefix-embedding", "prefix-layer"};
  return names;
}

std::vector<LatencyRow> measure_latency(const LatencyCase& at, int rounds, int repetitions) {
  std::vector<std::unique_ptr<nn::Model>> models;
  std::vector<std::unique_ptr<nn::Tape>> tapes;
  std::vector<std::function<void()>> passes;
  std::vector<LatencyRow> rows;
  const std::vector<int> ids = some_tokens(at.batch * at.length, latency_config().vocabulary);
  for (const std::string& name : latency_models()) {
    models.push_back(model_named(name));
    tapes.push_back(std::make_unique<nn::Tape>(autograd::TapeMode::values));
    passes.emplace_back([&at, &ids, model = models.back().get(), tape = tapes.back().get()] {
      forward(*tape, *model, at, ids);
    });
    rows.push_back({at, name, 0, 0, {}, {}});
    if (!name.starts_with("base"))
      rows.back().parameters = nn::count(nn::trainable_parameters(*models.back()));
  }
  std::vector<std::vector<double>> all(rows.size());
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    const auto seconds = interleaved_seconds(passes, rounds);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::vector<double> of_base = ratios(seconds[i], seconds[0]);
      rows[i].of_base.insert(rows[i].of_base.end(), of_base.begin(), of_base.end());
      rows[i].slower_by[{0, static_cast<std::uint64_t>(repetition)}] =
          100 * (quantile(of_base, 0.5) - 1);
      all[i].insert(all[i].end(), seconds[i].begin(), seconds[i].end());
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].seconds = quantile(all[i], 0.5);
  return rows;
}

MergedOutput compare_merged(std::uint64_t seed) {
  const LatencyCase at{4, 32};
  const auto wrapped = with_lora(seed), base = plain(), sum = plain_with_sum(*wrapped);
  const std::vector<int> ids = some_tokens(at.batch * at.length, base->config.vocabulary);
  const auto logits = [&](nn::Model& model) {
    nn::Tape tape(autograd::TapeMode::values);
    return nn::Matrix(forward(tape, model, at, ids).m);
  };
  const nn::Matrix unmerged = logits(*wrapped), before = logits(*base), wanted = logits(*sum);
  lora::merge(*wrapped);
  const nn::Matrix merged = logits(*wrapped);
  MergedOutput output;
  output.logits = static_cast<long>(merged.size());
  for (nn::Index i = 0; i < merged.size(); ++i)
    output.different += std::memcmp(merged.data() + i, wanted.data() + i, sizeof(nn::Scalar)) != 0;
  output.from_unmerged = largest(merged - unmerged) / largest(merged);
  output.from_base = largest(merged - before) / largest(merged);
  return output;
}

}  // namespace experiments::paper::table1
