#include "experiments/experiment.h"
#include "experiments/forgetting.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{forgetting_experiment()};
  return experiments;
}

}  // namespace experiments
