#pragma once

#include <string>
#include <string_view>

#include "autograd/scalar.h"

namespace lora::inline LOWRANK_PRECISION {

/// What the low-rank product is multiplied by: α/r (Hu et al. 2021) or α/√r (rsLoRA, Kalajdzievski
/// 2023).
enum class Scaling { alpha_over_r, alpha_over_sqrt_r };

/// The one place that computes the scale. r >= 1.
double scale(Scaling scaling, double alpha, long rank);

std::string to_string(Scaling scaling);  ///< "alpha/r" or "alpha/sqrt(r)"
/// Throws std::invalid_argument naming the valid ones.
Scaling parse_scaling(std::string_view text);

/// "alpha/r = 8/4 = 2", for the description of a run.
std::string describe_scale(Scaling scaling, double alpha, long rank);

}  // namespace lora::inline LOWRANK_PRECISION
