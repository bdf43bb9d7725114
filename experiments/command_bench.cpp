#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/bench_gemm.h"
#include "experiments/bench_peak.h"
#include "experiments/bench_step.h"
#include "experiments/commands.h"
#include "experiments/option_values.h"

namespace experiments {

namespace {

constexpr long most_threads = 256, most_steps = 100'000;

struct Options {
  std::string config = "toy", mode = "lora", threads = "1", rank = "4", steps;
  bool json = false;
};

const BenchShape& parse_config(const std::string& name) {
  for (const BenchShape& shape : bench_shapes())
    if (shape.name == name) return shape;
  throw UsageError(fmt::format("unknown config '{}'; valid are toy, small, mid, gpt2", name));
}

int parse_threads(const std::string& text) {
  return static_cast<int>(parse_integer("--threads", text, 1, most_threads));
}

StepBench step_bench(const Command& command, const Options& given) {
  StepBench bench{.shape = parse_config(given.config)};
  if (given.mode != "lora" && given.mode != "full")
    throw UsageError(fmt::format("unknown mode '{}'; valid are full, lora", given.mode));
  bench.lora = given.mode == "lora";
  if (!bench.lora && command.given("--rank"))
    throw UsageError("--rank has no effect with --mode full");
  bench.rank = parse_integer("--rank", given.rank, 1, bench.shape.C);
  bench.threads = parse_threads(given.threads);
  if (!given.steps.empty())
    bench.steps = static_cast<int>(parse_integer("--steps", given.steps, 1, most_steps));
  return bench;
}

int run_step(const Command& command, const Options& given) {
  const StepBench bench = step_bench(command, given);
  const StepTiming t = time_step(bench);
  if (given.json) {
    const nlohmann::ordered_json object{{"engine", "lowrank"},
                                        {"config", bench.shape.name},
                                        {"mode", given.mode},
                                        {"threads", bench.threads},
                                        {"median_ms", t.median_ms},
                                        {"min_ms", t.min_ms},
                                        {"tokens_per_s", t.tokens_per_s},
                                        {"trainable", t.trainable},
                                        {"gflops", t.gflops},
                                        {"peak_fraction", t.peak_fraction},
                                        {"allocations", t.allocations},
                                        {"tape_bytes", t.tape_bytes},
                                        {"loss", t.loss}};
    fmt::print("{}\n", object.dump());
    return 0;
  }
  fmt::print(
      "{} {}, {} thread(s): {:.3f} ms a step (median; fastest {:.3f}), {:.0f} tokens a second\n"
      "products: {:.0f} GFLOP/s over the whole step, {:.0f} % of the peak\n"
      "{} trainable parameters; {} tensors allocated after the first step; tape {:.1f} MB\n",
      bench.shape.name, given.mode, bench.threads, t.median_ms, t.min_ms, t.tokens_per_s, t.gflops,
      100 * t.peak_fraction, t.trainable, t.allocations, static_cast<double>(t.tape_bytes) / 1e6);
  return 0;
}

int run_gemm(const Options& given) {
  const BenchShape& shape = parse_config(given.config);
  const int threads = parse_threads(given.threads);
  const double peak = fma_peak_gflops(threads);
  const std::vector<GemmTiming> rows = time_products(shape, threads);
  if (given.json) {
    nlohmann::ordered_json object{{"config", shape.name}, {"threads", threads}, {"peak", peak}};
    for (const GemmTiming& row : rows)
      object["products"].push_back({{"what", row.what},
                                    {"M", row.M},
                                    {"N", row.N},
                                    {"K", row.K},
                                    {"nn", row.nn},
                                    {"nt", row.nt},
                                    {"tn", row.tn}});
    fmt::print("{}\n", object.dump());
    return 0;
  }
  fmt::print("Products of a {} step in GFLOP/s, {} thread(s); the peak is {:.0f}\n\n", shape.name,
             threads, peak);
  fmt::print("{:<18}{:>7}{:>7}{:>7}{:>9}{:>9}{:>9}\n", "", "M", "N", "K", "a b", "a bT", "aT b");
  for (const GemmTiming& row : rows)
    fmt::print("{:<18}{:>7}{:>7}{:>7}{:>9.0f}{:>9.0f}{:>9.0f}\n", row.what, row.M, row.N, row.K,
               row.nn, row.nt, row.tn);
  return 0;
}

Command common(const char* name, const char* help, const std::shared_ptr<Options>& given) {
  Command command(name, help);
  command.option("--config", given->config, "toy, small, mid or gpt2");
  command.option("--threads", given->threads, "threads");
  command.flag("--json", given->json, "print one JSON object");
  return command;
}

}  // namespace

Command bench_command() {
  auto for_step = std::make_shared<Options>(), for_gemm = std::make_shared<Options>();
  Command step = common("step", "time training steps", for_step);
  step.option("--mode", for_step->mode, "full or lora");
  step.option("--rank", for_step->rank, "of LoRA on q and v");
  step.option("--steps", for_step->steps, "timed steps; more for smaller configs by default");
  step.action([for_step](const Command& command) { return run_step(command, *for_step); });
  Command gemm = common("gemm", "time the matrix products of a training step", for_gemm);
  gemm.action([for_gemm](const Command&) { return run_gemm(*for_gemm); });
  return Command("bench", "how fast a training step and its matrix products are",
                 {std::move(step), std::move(gemm)});
}

}  // namespace experiments
