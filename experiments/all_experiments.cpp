#include "experiments/experiment.h"
#include "experiments/figure3.h"
#include "experiments/figure4.h"
#include "experiments/figure8.h"
#include "experiments/table7.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{table7_experiment(), figure3_experiment(),
                                                   figure4_experiment(), figure8_experiment()};
  return experiments;
}

}  // namespace experiments
