#include "experiments/adam_alpha.h"
#include "experiments/dropout.h"
#include "experiments/experiment.h"
#include "experiments/facts.h"
#include "experiments/table15.h"
#include "experiments/table16.h"
#include "experiments/table18.h"
#include "experiments/table5.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{
      table5_experiment(),  table15_experiment(), figure2_experiment(), table16_experiment(),
      table18_experiment(), facts_experiment(),   dropout_experiment(), adam_alpha_experiment()};
  return experiments;
}

}  // namespace experiments
