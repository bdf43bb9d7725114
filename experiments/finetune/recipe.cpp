#include "experiments/finetune/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace experiments::finetune {

long Recipe::warmup_steps(long steps) const {
  return std::min(steps, std::lround(warmup < 1 ? warmup * static_cast<double>(steps) : warmup));
}

const PaperRecipe& paper_recipe(std::string_view name) {
  // Of beam search and its penalty nothing is here: they are no part of the training.
  static const PaperRecipe e2e{"e2e",
                               "Hu et al. 2021, Table 11, GPT-2 medium on the E2E NLG Challenge",
                               {{"--rank", "4"},
                                {"--alpha", "32"},
                                {"--dropout", "0.1"},
                                {"--lr", "0.0002"},
                                {"--epochs", "5"},
                                {"--batch", "8"},
                                {"--warmup", "500"},
                                {"--weight-decay", "0.01"},
                                {"--label-smoothing", "0.1"}}};
  if (name != e2e.name)
    throw std::invalid_argument(fmt::format("unknown recipe '{}'; valid is e2e", name));
  return e2e;
}

}  // namespace experiments::finetune
