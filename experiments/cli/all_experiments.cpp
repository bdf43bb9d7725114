#include "experiments/cli/all_experiments.h"
#include "experiments/beyond/adam_alpha.h"
#include "experiments/beyond/amplification_scale.h"
#include "experiments/beyond/dropout.h"
#include "experiments/beyond/facts.h"
#include "experiments/beyond/forgetting.h"
#include "experiments/beyond/intrinsic_dimension.h"
#include "experiments/beyond/known_rank_experiment.h"
#include "experiments/harness/experiment.h"
#include "experiments/paper/costs.h"
#include "experiments/paper/figure3.h"
#include "experiments/paper/figure4.h"
#include "experiments/paper/figure8.h"
#include "experiments/paper/table1.h"
#include "experiments/paper/table15.h"
#include "experiments/paper/table16.h"
#include "experiments/paper/table18.h"
#include "experiments/paper/table5.h"
#include "experiments/paper/table6.h"
#include "experiments/paper/table7.h"

namespace experiments {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{
      table1_experiment(),               //
      table5_experiment(),               //
      table6_experiment(),               //
      table7_experiment(),               //
      table15_experiment(),              //
      figure2_experiment(),              //
      table16_experiment(),              //
      table18_experiment(),              //
      figure3_experiment(),              //
      figure4_experiment(),              //
      figure8_experiment(),              //
      known_rank_experiment(),           //
      facts_experiment(),                //
      adam_alpha_experiment(),           //
      dropout_experiment(),              //
      forgetting_experiment(),           //
      costs_experiment(),                //
      intrinsic_dimension_experiment(),  //
      amplification_scale_experiment(),  //
  };
  return experiments;
}

}  // namespace experiments
