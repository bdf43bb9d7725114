#include "experiments/experiment.h"
#include "experiments/table7.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{table7_experiment()};
  return experiments;
}

}  // namespace experiments
