#include <fmt/format.h>

#include <memory>

#include "autograd/gemm.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

// Which program this is: its products make most of its speed.
std::string engine() {
  return autograd::gemm_name == std::string("tiles")
             ? "lowrank"
             : fmt::format("lowrank, products by {}", autograd::gemm_name);
}

struct BenchStepOptions {
  StepBench bench{.shape = bench_shapes().front()};
  std::optional<int> steps;
  bool json = false;

  const char* mode() const { return bench.lora ? "lora" : "full"; }
};

bool parse_is_lora(const std::string& mode) {
  if (mode != "lora" && mode != "full")
    throw UsageError(fmt::format("unknown mode '{}'; valid are full, lora", mode));
  return mode == "lora";
}

int run_bench_step(const Command& command, const BenchStepOptions& given) {
  StepBench bench = given.bench;
  bench.steps = given.steps.value_or(bench.steps);
  if (!bench.lora) refuse_options(command, {"--rank"}, "with --mode full");
  const StepTiming t = time_step(bench);
  if (given.json) {
    print_out("{}", json_line({{"engine", engine()},
                               {"config", bench.shape.name},
                               {"mode", given.mode()},
                               {"threads", bench.threads},
                               {"median_ms", nn::number_json(t.median_ms)},
                               {"min_ms", nn::number_json(t.min_ms)},
                               {"tokens_per_s", nn::number_json(t.tokens_per_s)},
                               {"trainable", t.trainable},
                               {"gflops", nn::number_json(t.gflops)},
                               {"peak_fraction", nn::number_json(t.peak_fraction)},
                               {"allocations", t.allocations},
                               {"tape_bytes", t.tape_bytes},
                               {"loss", nn::number_json(t.loss)}}));
    return 0;
  }
  print_out(
      "{} {}, {} thread(s): {:.3f} ms a step (median; fastest {:.3f}), {:.0f} tokens a second\n"
      "products by {}: {:.0f} GFLOP/s over the whole step, {:.0f} % of the peak\n"
      "{} trainable parameters; {} tensors allocated after the first step; tape {:.1f} MB\n",
      bench.shape.name, given.mode(), bench.threads, t.median_ms, t.min_ms, t.tokens_per_s,
      autograd::gemm_name, t.gflops, 100 * t.peak_fraction, t.trainable, t.allocations,
      static_cast<double>(t.tape_bytes) / 1e6);
  return 0;
}

}  // namespace

Command bench_step_command() {
  auto given = std::make_shared<BenchStepOptions>();
  Command command("step", "time training steps");
  StepBench& bench = given->bench;
  add_config_option(command, bench.shape);
  command.option("--mode", named<bool>(bench.lora, parse_is_lora, given->mode()), "full or lora");
  command.option("--rank", whole(bench.rank, 1, [&bench] { return bench.shape.C; }),
                 "of LoRA on q and v");
  add_threads_option(command, bench.threads);
  command.option("--steps", whole(given->steps, 1, most_steps),
                 "timed steps; more for smaller configs by default");
  add_json_option(command, given->json);
  command.action([given](const Command& self) { return run_bench_step(self, *given); });
  return command;
}

}  // namespace experiments::cli
