#pragma once

#include "experiments/evidence/score_table.h"
#include "experiments/harness/experiment.h"
#include "lora/methods/method.h"

/// Score against the number of trained parameters, for every method of lora/methods/method.h. Hu et
/// al. 2021, Table 15. Each method comes at the sizes
/// nearest to each of a few budgets, LoRA on three weight sets; the second table of a task holds
/// the methods at one budget, with their paired difference to LoRA on {q,v}. Control: the frozen
/// base. The paper states no finding here that one contrast would decide, so none is judged.
namespace experiments::paper::table15 {

Experiment experiment();

/// What is trained, and the row of each, for the figure of these runs too.
std::vector<Cell> cells(const Settings& settings);
std::string row_of(const Cell& cell);

/// Trained parameters aimed at: LoRA on {q,v} at r = 1 and 4, and at r = 16 in the preset full.
std::vector<long> budgets(Preset preset);

/// What is run, in the order of the paper's methods and by size, each once: nearest() of every
/// method to every budget, LoRA also on {v} and on all four; the prompt encoder also with eight
/// positions, since its encoder alone is beyond the budgets; in full the whole of the blocks.
std::vector<lora::MethodSpec> specs(Preset preset);

/// The paper's numbers, GPT-3 175B, validation accuracy in percent; 0: not given.
struct PaperRow {
  const char* method;
  const char* size;
  const char* trained;
  double wikisql = 0, multinli = 0;
};
const std::vector<PaperRow>& paper();

}  // namespace experiments::paper::table15
