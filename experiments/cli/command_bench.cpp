#include <fmt/format.h>

#include "experiments/cli/bench_commands.h"
#include "experiments/cli/commands.h"

namespace experiments::cli {

static BenchShape parse_config(const std::string& name) {
  for (const BenchShape& shape : bench_shapes())
    if (shape.name == name) return shape;
  throw UsageError(fmt::format("unknown config '{}'; valid are toy, small, mid, gpt2", name));
}

void add_config_option(Command& command, BenchShape& shape) {
  command.option("--config", named<BenchShape>(shape, parse_config, shape.name),
                 "toy, small, mid or gpt2");
}

void add_threads_option(Command& command, int& threads) {
  command.option("--threads", whole(threads, 1, 256), "threads");
}

Command bench_command() {
  return Command("bench", "how fast a training step, its parts and a sweep are",
                 {bench_step_command(), bench_gemm_command(), bench_ops_command(),
                  bench_scaling_command(), bench_sweep_command(), bench_roofline_command()});
}

}  // namespace experiments::cli
