#pragma once

#include "experiments/cli/command_line.h"

namespace experiments::cli {

/// The program lowrank: every command, in the order of its help.
Command all_commands();

/// The functions that declare the commands, each in command_<name>.cpp.

Command paper_command();
Command report_command();
Command compare_command();
Command learning_rates_command();
Command tasks_command();
Command pretrain_command();
Command sweep_command();
Command trace_command();
Command train_command();
Command eval_command();
Command merge_command();
Command analyse_command();
Command generate_command();
Command export_command();
Command tokenize_command();
Command convert_command();
Command known_rank_command();
Command bench_command();
Command bench_step_command();  // of bench, as those below
Command bench_gemm_command();
Command bench_ops_command();
Command bench_tokenize_command();
Command bench_model_command();

}  // namespace experiments::cli
