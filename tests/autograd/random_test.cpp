#include "autograd/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace random_test {

using autograd::Random;
using autograd::Shape;
using autograd::Tensor;

// The golden values were computed by an independent implementation of the same formulas in Python.
TEST_CASE("streams have golden values") {
  Random bits(7, "data.nli.train");
  CHECK(bits.next() == 0x7c08997680923bc0u);
  CHECK(bits.next() == 0xd74de1c08fd15ed4u);
  CHECK(bits.next() == 0x2b9b5a8479d68be0u);
  Random uniforms(7, "a");
  CHECK(uniforms.uniform() == 0.29748262610956566);
  CHECK(uniforms.uniform() == 0.7815452022276668);
  Random normals(7,
                 "a");  // a logarithm and a cosine may differ in the last bit between C libraries
  CHECK(std::abs(normals.normal() - 0.16547052038160537) < 1e-13);
  CHECK(std::abs(normals.normal() - 2.775688775113019) < 1e-13);
}

TEST_CASE("streams with another seed or another path are other streams") {
  const auto first = [](std::uint64_t seed, const char* path) { return Random(seed, path).next(); };
  std::array draws{first(1, "a"), first(2, "a"), first(1, "b"), first(2, "b"), first(1, "ab")};
  std::sort(draws.begin(), draws.end());
  CHECK(std::adjacent_find(draws.begin(), draws.end()) == draws.end());
}

TEST_CASE("uniform and normal have the moments they should") {
  // 20,000 draws: the standard error of a mean is sd / 141.
  const int n = 20000;
  Random r(1, "moments");
  double u1 = 0, z1 = 0, z2 = 0, z4 = 0;
  for (int i = 0; i < n; ++i) {
    u1 += r.uniform() / n;
    const double z = r.normal();
    z1 += z / n, z2 += z * z / n, z4 += z * z * z * z / n;
  }
  CHECK(std::abs(u1 - 0.5) < 5 * 0.289 / 141);
  CHECK(std::abs(z1) < 5 * 1.0 / 141);
  CHECK(std::abs(z2 - 1) < 5 * 1.414 / 141);
  CHECK(std::abs(z4 - 3) < 5 * 9.8 / 141);
}

TEST_CASE("below is uniform and stays below; a permutation holds each number once") {
  Random r(3, "below");
  std::array<int, 5> count{};
  for (int i = 0; i < 10000; ++i) ++count.at(r.below(5));
  for (const int c : count) CHECK(std::abs(c - 2000) < 5 * 40);  // sd of a count is 40

  std::vector<int> order = r.permutation(100);
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (int i = 0; i < 100; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("shapes fold into rows and columns") {
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{2, 3, 4}.rows() == 6);
  CHECK(Shape{2, 3, 4}.cols() == 4);
  CHECK(Shape{2, 0}.size() == 0);
  CHECK(Shape{2, 3}.str() == "(2,3)");
  CHECK_THROWS_AS((Shape{1, 2, 3, 4, 5}), autograd::ShapeError);
  CHECK_THROWS_AS((Shape{-1}), autograd::ShapeError);
  CHECK_THROWS_AS(Tensor(Shape{2}, {1, 2, 3}), autograd::ShapeError);
  CHECK_THROWS_AS(Tensor(Shape{2}).item(), autograd::ShapeError);
}

}  // namespace random_test
