#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "autograd/scalar.h"

namespace nn::inline LOWRANK_PRECISION {

/// The element types of the safetensors format, in the order by which its writers sort.
enum class Dtype {
  BOOL,
  F4,
  F6_E2M3,
  F6_E3M2,
  U8,
  I8,
  F8_E5M2,
  F8_E4M3,
  F8_E8M0,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  I16,
  U16,
  F16,
  BF16,
  I32,
  U32,
  F32,
  C64,
  F64,
  I64,
  U64
};

std::uint64_t bits(Dtype dtype);  ///< the size of one element; 4 and 6 occur
std::string_view to_string(Dtype dtype);
std::optional<Dtype> parse_dtype(std::string_view name);  ///< nothing if there is no such dtype

}  // namespace nn::inline LOWRANK_PRECISION
