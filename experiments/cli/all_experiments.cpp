#include "experiments/cli/all_experiments.h"
#include "experiments/beyond/adam_alpha.h"
#include "experiments/beyond/amplification_scale.h"
#include "experiments/beyond/dropout.h"
#include "experiments/beyond/facts.h"
#include "experiments/beyond/forgetting.h"
#include "experiments/beyond/intrinsic_dimension.h"
#include "experiments/beyond/known_rank_experiment.h"
#include "experiments/beyond/nli_switch.h"
#include "experiments/beyond/transition.h"
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

namespace experiments::cli {

const std::vector<Experiment>& all_experiments() {
  static const std::vector<Experiment> experiments{
      table1::experiment(),               //
      table5::experiment(),               //
      table6::experiment(),               //
      table7::experiment(),               //
      table15::experiment(),              //
      table15::figure2_experiment(),      //
      table16::experiment(),              //
      table18::experiment(),              //
      figure3::experiment(),              //
      figure4::experiment(),              //
      figure8::experiment(),              //
      known_rank_experiment(),            //
      facts::experiment(),                //
      transition::experiment(),           //
      nli_switch::experiment(),           //
      adam_alpha::experiment(),           //
      dropout::experiment(),              //
      forgetting::experiment(),           //
      costs::experiment(),                //
      intrinsic_dimension::experiment(),  //
      amplification_scale::experiment(),  //
  };
  return experiments;
}

}  // namespace experiments::cli
