#pragma once

#include <filesystem>

#include "experiments/harness/experiment.h"
#include "lora/analysis/cost_formulas.h"

/// What training costs in memory, on disk and in time, for full fine-tuning and LoRA at each r, and
/// GPT-3's figures by the same formulas. Full fine-tuning is the control: LoRA's numbers are ratios
/// to it.
namespace experiments::paper::costs {

/// One training step of one method, measured.
struct CostRow {
  int width = 0;  ///< d_model
  int rank = 0;   ///< of LoRA on q and v; 0 is full fine-tuning
  lora::CostCase by_formula;
  lora::TrainingBytes bytes;      ///< from the tape and the optimizer
  double activations = 0;         ///< bytes of all else the tape owns
  double file = 0;                ///< bytes of what is saved: checkpoint or adapter
  double tensors = 0;             ///< of that, the tensors
  std::vector<double> seconds;    ///< of a step, round by round
  std::vector<double> of_full{};  ///< seconds / those of full fine-tuning in the same round
};

/// Steps on batches of 32 from sqlgen, from random weights: what a step costs does not depend on
/// their values. Files go to `folder` and are removed again. On one thread.
std::vector<CostRow> measure_costs(const std::vector<int>& widths, const std::vector<int>& ranks,
                                   int rounds, const std::filesystem::path& folder);

/// Also writes costs.csv and run.json, which names the machine.
Experiment experiment();

/// F9, the part on memory and files, fixed before it was measured: D = |measured / formula - 1| in
/// percent, each r of each width a pair, for
///   memory   bytes of weights, gradients and Adam's state, LoRA ÷ full    holds below 0.1 %
///   files    bytes of tensors, adapter ÷ checkpoint                       holds below 0.1 %
/// No repetition of this is random: n counts cases, and the interval says how they differ.
/// Activations and a file's header (about 1 kB) have no such formula; the table shows them.
std::vector<Finding> findings(const std::vector<CostRow>& rows);

}  // namespace experiments::paper::costs
