#pragma once

#include "experiments/bench/bench_step.h"
#include "experiments/cli/option_values.h"

/// The commands of `lowrank bench`, each in command_bench_<name>.cpp, and what they share.
namespace experiments::cli {

Command bench_step_command();
Command bench_gemm_command();
Command bench_ops_command();
Command bench_scaling_command();
Command bench_sweep_command();
Command bench_roofline_command();

/// --config and --threads.
void add_config_option(Command& command, BenchShape& shape);
void add_threads_option(Command& command, int& threads);

constexpr long most_steps = 100'000;

}  // namespace experiments::cli
