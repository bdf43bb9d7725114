#pragma once

#include <optional>
#include <string>

#include "autograd/tensor.h"
#include "nn/files/dtype.h"

namespace nn::inline LOWRANK_PRECISION {

/// The bytes of a tensor's elements as F64, F32, F16 or BF16, row-major and little-endian, each
/// rounded to the nearest; nothing where one is, or becomes, no finite number.
std::optional<std::string> encoded(const autograd::Tensor& values, Dtype dtype);

}  // namespace nn::inline LOWRANK_PRECISION
