#include "experiments/experiment.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{};
  return experiments;
}

}  // namespace experiments
