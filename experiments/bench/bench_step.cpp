#include "experiments/bench/bench_step.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <chrono>

#include "experiments/bench/bench_peak.h"
#include "lora/inject.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

namespace experiments::bench {

nn::DecoderConfig BenchShape::decoder() const {
  nn::DecoderConfig config;
  config.vocabulary = V;
  config.context = T;
  config.d_model = C;
  config.layers = layers;
  config.heads = heads;
  config.d_mlp = 4 * C;
  return config;
}

const std::vector<BenchShape>& bench_shapes() {
  static const std::vector<BenchShape> shapes{{"toy", 128, 32, 64, 2, 4, 32},
                                              {"small", 128, 64, 128, 4, 4, 32},
                                              {"mid", 512, 128, 256, 6, 8, 16},
                                              {"gpt2", 50257, 64, 768, 12, 12, 4}};
  return shapes;
}

namespace {

// Every weight matrix ~ N(0, 0.02²), as GPT-2 starts.
void randomise(nn::Module& model) {
  nn::Random random(0, "bench.weights");
  for (nn::Parameter* p : nn::parameters(model))
    if (p->value.shape.rank() > 1) p->set(random.normal(p->value.shape, 0.02));
}

// Every position predicts something, so nothing is left out.
nn::TokenBatch random_batch(const BenchShape& shape) {
  nn::Random random(0, "bench.batch");
  const auto id = [&] {
    return static_cast<int>(random.below(static_cast<std::uint64_t>(shape.V)));
  };
  nn::TokenBatch batch{shape.B, shape.T, {}, {}, {}};
  for (nn::Index i = 0; i < shape.B * shape.T; ++i) {
    batch.ids.push_back(id());
    batch.targets.push_back(id());
    batch.weights.push_back(1);
  }
  return batch;
}

int default_steps(const BenchShape& shape) {
  const double tokens = static_cast<double>(shape.B * shape.T);
  const double work =
      tokens * static_cast<double>(shape.layers * shape.C * shape.C + shape.V * shape.C);
  return std::clamp(static_cast<int>(4e9 / work), 5, 200);
}

}  // namespace

void use_threads([[maybe_unused]] int threads) {
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

StepTiming time_step(const StepBench& bench) {
  use_threads(bench.threads);
  nn::Decoder model(bench.shape.decoder(), 0);
  randomise(model);
  if (bench.lora) {
    lora::LoraConfig config;
    config.targets = bench.targets;
    config.spec.rank = bench.rank;
    config.spec.alpha = 2 * static_cast<double>(bench.rank);
    lora::inject(model, config, 0);
  }
  const nn::TokenBatch batch = random_batch(bench.shape);
  nn::AdamW optimizer({{nn::parameters(model), 0.01}});
  nn::Tape tape(autograd::TapeMode::training);
  StepTiming result;
  double flops = 0;
  const auto step = [&] {
    tape.clear();
    const nn::Var loss = nn::token_loss({tape}, model, batch);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(1e-3);
    flops = tape.stats().gemm_flops;
    result.loss = static_cast<double>(loss.value().item());
  };

  step();
  const long allocated_by_first = tape.allocations();
  for (int i = 0; i < 2; ++i) step();
  std::vector<double> ms;
  for (int i = 0; i < (bench.steps > 0 ? bench.steps : default_steps(bench.shape)); ++i) {
    const auto start = std::chrono::steady_clock::now();
    step();
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                     .count());
  }
  std::sort(ms.begin(), ms.end());
  result.median_ms = ms[ms.size() / 2];
  result.min_ms = ms.front();
  result.tokens_per_s = 1e3 * static_cast<double>(bench.shape.B * bench.shape.T) / result.median_ms;
  result.trainable = nn::count(nn::trainable_parameters(model));
  result.gflops = flops / result.median_ms / 1e6;
  result.peak_fraction = result.gflops / fma_peak_gflops(bench.threads);
  result.allocations = tape.allocations() - allocated_by_first;
  result.tape_bytes = tape.stats().bytes.activations;
  result.state_bytes = tape.stats().bytes.gradients + optimizer.bytes();
  return result;
}

}  // namespace experiments::bench
