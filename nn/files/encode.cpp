#include "nn/files/encode.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace nn::inline LOWRANK_PRECISION {

template <class T, class Convert>
static std::optional<std::string> encoded(const autograd::Tensor& values, Convert convert) {
  std::string bytes;
  for (const autograd::Scalar x : values.m.reshaped<Eigen::RowMajor>()) {
    const auto [raw, is_finite] = convert(x);
    if (!is_finite) return {};
    char of_one[sizeof(T)];
    std::memcpy(of_one, &raw, sizeof(T));
    bytes.append(of_one, sizeof(T));
  }
  return bytes;
}

std::optional<std::string> encoded(const autograd::Tensor& values, Dtype dtype) {
  using Eigen::numext::isfinite;
  switch (dtype) {
    case Dtype::F64:
      return encoded<double>(values, [](autograd::Scalar x) {
        return std::pair{static_cast<double>(x), std::isfinite(x)};
      });
    case Dtype::F16:
      return encoded<std::uint16_t>(values, [](autograd::Scalar x) {
        const auto h = static_cast<Eigen::half>(x);
        return std::pair{std::bit_cast<std::uint16_t>(h), isfinite(h)};
      });
    case Dtype::BF16:
      return encoded<std::uint16_t>(values, [](autograd::Scalar x) {
        const auto h = static_cast<Eigen::bfloat16>(x);
        return std::pair{std::bit_cast<std::uint16_t>(h), isfinite(h)};
      });
    default:
      return encoded<float>(values, [](autograd::Scalar x) {
        return std::pair{static_cast<float>(x), std::isfinite(static_cast<float>(x))};
      });
  }
}

}  // namespace nn::inline LOWRANK_PRECISION
