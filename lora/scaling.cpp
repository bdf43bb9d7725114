#include "lora/scaling.h"

#include <cmath>

namespace lora::inline LOWRANK_PRECISION {

double scale(Scaling scaling, double alpha, long rank) {
  const auto r = static_cast<double>(rank);
  return scaling == Scaling::alpha_over_r ? alpha / r : alpha / std::sqrt(r);
}

}  // namespace lora::inline LOWRANK_PRECISION
