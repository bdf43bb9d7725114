#pragma once

#include "experiments/namespaces.h"

namespace experiments::paper {

/// What the paper measured with GPT-3 175B, validation accuracy in percent. 0: not given.
struct PaperScores {
  double wikisql = 0, multinli = 0;
};

/// Full fine-tuning: Hu et al. 2021, Table 4.
inline constexpr PaperScores paper_full{73.8, 89.5};

}  // namespace experiments::paper
