#include "experiments/experiment.h"
#include "experiments/table6.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{table6_experiment()};
  return experiments;
}

}  // namespace experiments
