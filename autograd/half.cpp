#include "autograd/half.h"

#include <fmt/format.h>

#include <bit>
#include <limits>

#include "autograd/kernels.h"
#include "autograd/tape.h"

namespace autograd::inline LOWRANK_PRECISION {

std::string to_string(HalfType type) { return type == HalfType::f16 ? "F16" : "BF16"; }

// Half is Eigen's type of the same 16 bits.
template <class Half>
static void convert(const std::uint16_t* bits, Scalar* floats, Index count) {
  for (Index i = 0; i < count; ++i)
    floats[i] = static_cast<Scalar>(static_cast<float>(std::bit_cast<Half>(bits[i])));
}

void HalfMatrix::convert_rows(Index begin, Eigen::Ref<Matrix> floats) const {
  const Index K = cols();
  kernels::for_each_chunk(floats.rows(), kernels::cost::moved * double(K),
                          [&](Index first, Index end) {
                            for (Index i = first; i < end; ++i) {
                              const std::uint16_t* from = bits.data() + (begin + i) * K;
                              Scalar* to = floats.data() + i * floats.outerStride();
                              if (type == HalfType::f16)
                                convert<Eigen::half>(from, to, K);
                              else
                                convert<Eigen::bfloat16>(from, to, K);
                            }
                          });
}

Tensor HalfMatrix::take_rows(std::span<const int> ids) const {
  Tensor taken({static_cast<Index>(ids.size()), cols()});
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= rows())
      throw std::invalid_argument(fmt::format("take_rows: {} is not in 0..{}", ids[i], rows() - 1));
    convert_rows(ids[i], taken.m.middleRows(static_cast<Index>(i), 1));
  }
  return taken;
}

Tensor HalfMatrix::tensor() const {
  Tensor floats(shape);
  convert_rows(0, floats.m);
  return floats;
}

template <class Half>
static void round(const Tensor& floats, HalfMatrix& halves) {
  for (Index i = 0; i < floats.size(); ++i) {
    const Scalar x = floats.m.data()[i];
    const auto half = static_cast<Half>(static_cast<float>(x));
    if (!Eigen::numext::isfinite(half))
      throw std::range_error(fmt::format(
          "{} is no finite number of the type {}, whose largest is {}", x, to_string(halves.type),
          static_cast<float>(std::numeric_limits<Half>::max())));
    halves.bits[static_cast<std::size_t>(i)] = std::bit_cast<std::uint16_t>(half);
  }
}

HalfMatrix rounded_to(HalfType type, const Tensor& floats) {
  HalfMatrix halves{type, floats.shape, std::vector<std::uint16_t>(std::size_t(floats.size()))};
  if (type == HalfType::f16)
    round<Eigen::half>(floats, halves);
  else
    round<Eigen::bfloat16>(floats, halves);
  return halves;
}

Tensor& Parameter::full() {
  if (half)
    throw std::logic_error(
        fmt::format("{} is kept as {}: what reads it whole wants the model loaded in F32", name,
                    to_string(half->type)));
  return value;
}

}  // namespace autograd::inline LOWRANK_PRECISION
