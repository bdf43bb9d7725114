#include "autograd/half.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "autograd/ops.h"
#include "autograd/ops_models.h"
#include "autograd/random.h"

namespace half_test {

using namespace autograd;

namespace {

// What 16 bits mean, by the definition of the formats: e bits of exponent and f of fraction.
double meaning(std::uint16_t bits, HalfType type) {
  const int f = type == HalfType::f16 ? 10 : 7, e = 15 - f;
  const int exponent = bits >> f & ((1 << e) - 1), bias = (1 << (e - 1)) - 1;
  const double fraction = bits & ((1 << f) - 1), sign = bits >> 15 ? -1 : 1;
  if (exponent == (1 << e) - 1) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  const double significand = exponent == 0 ? fraction : fraction + (1 << f);
  return sign * std::ldexp(significand, std::max(exponent, 1) - bias - f);
}

HalfMatrix all_numbers(HalfType type) {
  HalfMatrix all{type, {256, 256}, {}};
  for (int bits = 0; bits < 65536; ++bits) all.bits.push_back(static_cast<std::uint16_t>(bits));
  return all;
}

std::uint16_t rounded(double x, HalfType type) {
  return rounded_to(type, Tensor({1, 1}, {static_cast<Scalar>(x)})).bits[0];
}

constexpr HalfType both[] = {HalfType::f16, HalfType::bf16};

}  // namespace

TEST_CASE("every number of 16 bits becomes the float that it is, and that one its bits again") {
  for (const HalfType type : both) {
    CAPTURE(to_string(type));
    const HalfMatrix all = all_numbers(type);
    const Tensor floats = all.tensor();
    int wrong = 0, finite = 0, same_in_other = 0;
    for (int bits = 0; bits < 65536; ++bits) {
      const auto half = static_cast<std::uint16_t>(bits);
      const auto x = static_cast<double>(floats.m.data()[bits]);
      const double expected = meaning(half, type);
      wrong += !(x == expected || (std::isnan(x) && std::isnan(expected)));
      if (!std::isfinite(expected)) continue;
      ++finite;
      wrong += rounded(x, type) != half;
      same_in_other += x == meaning(half, type == HalfType::f16 ? HalfType::bf16 : HalfType::f16);
    }
    CHECK(wrong == 0);
    CHECK(finite > 60'000);
    CHECK(same_in_other < 10);  // the control: in the other type the same bits are another number
  }
}

TEST_CASE("a value is rounded to the nearest, and half way to the even one") {
  for (const HalfType type : both) {
    CAPTURE(to_string(type));
    int wrong = 0;
    const std::uint16_t infinity = type == HalfType::f16 ? 0x7c00 : 0x7f80;
    for (std::uint16_t low = 0; low + 1 < infinity; ++low) {
      const double a = meaning(low, type), b = meaning(static_cast<std::uint16_t>(low + 1), type);
      const auto even = static_cast<std::uint16_t>(low + (low & 1));
      wrong += rounded((a + b) / 2, type) != even;
      wrong += rounded(-(a + b) / 2, type) != (even | 0x8000);
      wrong += rounded(a + 0.49 * (b - a), type) != low;
      wrong += rounded(a + 0.51 * (b - a), type) != low + 1;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("what 16 bits do not hold is refused by its value") {
  CHECK(rounded(65519, HalfType::f16) == 0x7bff);  // the largest, 65504
  for (const double x : {65520.0, -65520.0, 1e6})
    CHECK_THROWS_AS(rounded(x, HalfType::f16), std::range_error);
  CHECK_THROWS_WITH_AS(rounded(70000, HalfType::f16),
                       "70000 is no finite number of the type F16, whose largest is 65504",
                       std::range_error);
  CHECK_NOTHROW(rounded(1e38, HalfType::bf16));
  for (const HalfType type : both)
    for (const double x : {HUGE_VAL, -HUGE_VAL, std::nan("")})
      CHECK_THROWS_AS(rounded(x, type), std::range_error);
}

namespace {

struct Step {
  Matrix y, dx, db;
  bool operator==(const Step&) const = default;
};

// y = x wᵀ + b twice onto one x, so that dx is both fresh and added to.
template <class Product>
Step step(Index M, Index K, Index N, const Product& product) {
  Parameter x{"x", Random(1, "x").normal({M, K}, 1)}, b{"b", Random(1, "b").normal({N}, 1)};
  Tape tape(TapeMode::training, Fresh::nan);
  const Var y = product(tape.parameter(x), tape.parameter(b));
  const Var sum = add(y, product(tape.parameter(x), tape.parameter(b)));
  const Matrix first = y.value().m;
  tape.backward(sum, Random(1, "dy").normal({M, N}, 1));
  return {first, x.grad.m, b.grad.m};
}

struct Sizes {
  Index M, K, N;
};
// Around the 256 rows of a tile, the blocks of k, and the chunks of threads.
constexpr Sizes sizes[] = {{1, 1, 1},     {3, 5, 255},    {2, 300, 256},  {70, 31, 257},
                           {5, 257, 513}, {600, 64, 700}, {64, 100, 2000}};

}  // namespace

// Tiles are the same sums in the same order. OpenBLAS's order depends on how a product is cut: there
// each of K or N terms of about 1 is rounded at most to half an ε of their sum.
TEST_CASE("the product with 16 bits is that with their floats") {
  for (const HalfType type : both)
    for (const auto& [M, K, N] : sizes) {
      CAPTURE(N);
      const auto half =
          std::make_shared<const HalfMatrix>(rounded_to(type, Random(1, "w").normal({N, K}, 1)));
      Parameter w{"w", half->tensor()};
      w.trainable = false;
      const auto in_tiles = [&](Var x, Var b) { return affine_half(x, half, b); };
      const auto at_once = [&](Var x, Var b) { return affine(x, x.tape->parameter(w), b); };
      const Step tiles = step(M, K, N, in_tiles), whole = step(M, K, N, at_once);
#ifdef LOWRANK_BLAS
      const double tolerance =
          8 * double(std::numeric_limits<Scalar>::epsilon()) * double(1 + std::max(K, 2 * N));
      CHECK((tiles.y - whole.y).cwiseAbs().maxCoeff() < tolerance);
      CHECK((tiles.dx - whole.dx).cwiseAbs().maxCoeff() < tolerance);
#else
      CHECK(tiles == whole);
      Tape tape;
      const Var x = tape.constant(Random(1, "x").normal({M, K}, 1));
      CHECK(affine_half(x, half).value().m == matmul_nt(x, tape.parameter(w)).value().m);
#endif
      // The control: one weight of the last tile is another.
      HalfMatrix changed = *half;
      changed.bits.back() ^= 0x8000;
      const auto wrong = std::make_shared<const HalfMatrix>(changed);
      const Step other = step(M, K, N, [&](Var x, Var b) { return affine_half(x, wrong, b); });
      CHECK(other.y != tiles.y);
      CHECK(other.dx != tiles.dx);
      CHECK(other.db == tiles.db);
    }
}

#ifdef _OPENMP
TEST_CASE("the product with 16 bits has the same bits on one, two and three threads") {
  const int threads = omp_get_max_threads();
  for (const auto& [M, K, N] : sizes) {
    const auto half = std::make_shared<const HalfMatrix>(
        rounded_to(HalfType::bf16, Random(1, "w").normal({N, K}, 1)));
    std::vector<Step> steps;
    for (const int count : {1, 2, 3}) {
      omp_set_num_threads(count);
      steps.push_back(step(M, K, N, [&](Var x, Var b) { return affine_half(x, half, b); }));
    }
    CHECK(steps[1] == steps[0]);
    CHECK(steps[2] == steps[0]);
  }
  omp_set_num_threads(threads);
}
#endif

TEST_CASE("rows of a table in 16 bits are those of its floats") {
  const HalfMatrix table = rounded_to(HalfType::f16, Random(1, "table").normal({5, 3}, 1));
  const Matrix floats = table.tensor().m, rows = table.take_rows(std::vector{4, 0, 4}).m;
  CHECK(rows.row(0) == floats.row(4));
  CHECK(rows.row(1) == floats.row(0));
  CHECK(rows.row(2) == floats.row(4));
  for (const int id : {-1, 5})
    CHECK_THROWS_WITH_AS(table.take_rows(std::vector{id}), doctest::Contains("is not in 0..4"),
                         std::invalid_argument);
}

TEST_CASE("nothing reads the empty value of a parameter in 16 bits") {
  Parameter w{"w", Tensor({1, 1}, {2})};
  CHECK(&w.full() == &w.value);
  w.half = std::make_shared<const HalfMatrix>(rounded_to(HalfType::f16, w.value));
  w.value = Tensor();
  CHECK_THROWS_WITH_AS(w.full(), doctest::Contains("w is kept as F16"), std::logic_error);
  Tape tape;
  for (int twice = 0; twice < 2; ++twice)
    CHECK_THROWS_WITH_AS(tape.parameter(w), doctest::Contains("w is kept as F16"),
                         std::logic_error);
  CHECK(tape.size() == 0);
  w.set(Tensor({1, 1}, {3}));
  CHECK(tape.parameter(w).value().item() == 3);
}

}  // namespace half_test
