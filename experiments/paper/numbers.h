#pragma once

#include "experiments/evidence/findings.h"
#include "experiments/training/cell.h"

namespace experiments::paper {

/// What the paper measured with GPT-3 175B, validation accuracy in percent. 0: not given.
struct PaperScores {
  double wikisql = 0, multinli = 0;
};

/// Full fine-tuning: Hu et al. 2021, Table 4.
inline constexpr PaperScores paper_full{73.8, 89.5};

/// A number of the paper as the result of a cell, so that rules can be run on it: the data set, in
/// place of a task, LoRA's weights and rank (none: full fine-tuning), and the score in percent.
CellResult printed(const std::string& dataset, const std::vector<std::string>& targets, int rank,
                   double score);

/// `finding` with the D of the paper's own numbers beside each of its statements: "WikiSQL +2.6,
/// MultiNLI +0.3". `of_paper` is the same finding, made of the paper's numbers.
Finding beside_paper(Finding finding, const Finding& of_paper);

}  // namespace experiments::paper
