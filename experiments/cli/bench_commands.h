#pragma once

#include "experiments/bench/bench_step.h"
#include "experiments/cli/command_line.h"

/// The commands of `lowrank bench`, each in command_bench_<name>.cpp, and what they share.
namespace experiments::cli {

Command bench_step_command();
Command bench_gemm_command();
Command bench_ops_command();
Command bench_scaling_command();
Command bench_sweep_command();
Command bench_roofline_command();

/// Throws UsageError naming the valid configurations.
const BenchShape& parse_config(const std::string& name);

int parse_threads(const std::string& text);

constexpr long most_steps = 100'000;

}  // namespace experiments::cli
