#include "experiments/experiment.h"
#include "experiments/table5.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{table5_experiment()};
  return experiments;
}

}  // namespace experiments
