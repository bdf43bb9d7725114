#include "experiments/adam_alpha.h"
#include "experiments/amplification_scale.h"
#include "experiments/costs.h"
#include "experiments/dropout.h"
#include "experiments/experiment.h"
#include "experiments/facts.h"
#include "experiments/figure3.h"
#include "experiments/figure4.h"
#include "experiments/figure8.h"
#include "experiments/forgetting.h"
#include "experiments/intrinsic_dimension.h"
#include "experiments/known_rank_experiment.h"
#include "experiments/table1.h"
#include "experiments/table15.h"
#include "experiments/table16.h"
#include "experiments/table18.h"
#include "experiments/table5.h"
#include "experiments/table6.h"
#include "experiments/table7.h"

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
