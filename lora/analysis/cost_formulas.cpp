#include "lora/analysis/cost_formulas.h"

namespace lora {

double lora_parameters(const CostCase& c) {
  return 2 * (c.layers * c.matrices) * c.d_model * c.rank;
}

double model_file_bytes(const CostCase& c) { return c.bytes * c.parameters; }
double adapter_file_bytes(const CostCase& c) { return c.bytes * lora_parameters(c); }

TrainingBytes full_training_bytes(const CostCase& c) {
  const double all = model_file_bytes(c);
  return {0, all, all, 2 * all};
}

TrainingBytes lora_training_bytes(const CostCase& c) {
  const double trained = adapter_file_bytes(c);
  return {model_file_bytes(c), trained, trained, 2 * trained};
}

CostCase gpt3_case() {
  return {.parameters = 175'255.8e6,
          .layers = 96,
          .d_model = 12288,
          .matrices = 2,
          .rank = 4,
          .bytes = 2};
}

}  // namespace lora
