#include "experiments/amplification_scale.h"
#include "experiments/costs.h"
#include "experiments/experiment.h"
#include "experiments/figure3.h"
#include "experiments/figure4.h"
#include "experiments/figure8.h"
#include "experiments/forgetting.h"
#include "experiments/intrinsic_dimension.h"
#include "experiments/table1.h"
#include "experiments/table7.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{table1_experiment(),
                                                   table7_experiment(),
                                                   figure3_experiment(),
                                                   figure4_experiment(),
                                                   figure8_experiment(),
                                                   forgetting_experiment(),
                                                   costs_experiment(),
                                                   intrinsic_dimension_experiment(),
                                                   amplification_scale_experiment()};
  return experiments;
}

}  // namespace experiments
