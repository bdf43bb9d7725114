#include <fmt/format.h>

#include "experiments/cli/bench_commands.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"

namespace experiments::cli {

const BenchShape& parse_config(const std::string& name) {
  for (const BenchShape& shape : bench_shapes())
    if (shape.name == name) return shape;
  throw UsageError(fmt::format("unknown config '{}'; valid are toy, small, mid, gpt2", name));
}

int parse_threads(const std::string& text) {
  constexpr long most_threads = 256;
  return static_cast<int>(parse_integer("--threads", text, 1, most_threads));
}

Command bench_command() {
  return Command("bench", "how fast a training step, its parts and a sweep are",
                 {bench_step_command(), bench_gemm_command(), bench_ops_command(),
                  bench_scaling_command(), bench_sweep_command(), bench_roofline_command()});
}

}  // namespace experiments::cli
