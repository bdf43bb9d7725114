#include "autograd/tensor_view.h"

#include <doctest/doctest.h>

#include <type_traits>

namespace tensor_view_test {

using namespace autograd;

TEST_CASE("views index a folded tensor by all its dimensions") {
  Tensor x(Shape{2, 3, 4}), y(Shape{2, 3, 4, 5});
  for (Index i = 0; i < x.size(); ++i) x.m.data()[i] = static_cast<Scalar>(i);
  for (Index i = 0; i < y.size(); ++i) y.m.data()[i] = static_cast<Scalar>(i);

  const TensorView<3> by_btc = view3(x);
  CHECK(by_btc.dimension(0) == 2);
  CHECK(by_btc.dimension(1) == 3);
  CHECK(by_btc.dimension(2) == 4);
  for (Index b = 0; b < 2; ++b)
    for (Index t = 0; t < 3; ++t)
      for (Index c = 0; c < 4; ++c) CHECK(by_btc(b, t, c) == x.m(b * 3 + t, c));

  const TensorView<4> by_bhtc = view4(y);
  CHECK(by_bhtc(0, 0, 0, 0) == 0);
  CHECK(by_bhtc(1, 2, 3, 4) == y.m(1 * 12 + 2 * 4 + 3, 4));
  CHECK(by_bhtc(1, 0, 2, 1) == 1 * 60 + 0 * 20 + 2 * 5 + 1);
}

TEST_CASE("views look, they do not copy, and they do not write") {
  Tensor x(Shape{1, 2, 2});
  const TensorView<3> view = view3(x);
  CHECK(view.data() == x.m.data());
  x.m(1, 0) = 7;
  CHECK(view(0, 1, 0) == 7);
  static_assert(!std::is_assignable_v<decltype(view(0, 0, 0)), Scalar>);
}

TEST_CASE("a tensor of another rank is refused") {
  const Tensor x(Shape{2, 3});
  CHECK_THROWS_WITH_AS(view3(x), "view3: the shape is (2,3)", ShapeError);
  CHECK_THROWS_WITH_AS(view4(x), "view4: the shape is (2,3)", ShapeError);
  const Tensor y(Shape{2, 3, 4});
  CHECK_THROWS_AS(view4(y), ShapeError);
}

TEST_CASE("a shape has as many sizes as its rank says") {
  const Shape shape{2, 3};
  CHECK(shape[1] == 3);
  CHECK_THROWS_WITH_AS(shape[2], "(2,3) has no size 2", ShapeError);
  CHECK_THROWS_WITH_AS(shape[-1], "(2,3) has no size -1", ShapeError);
  CHECK_THROWS_WITH_AS(Shape()[0], "() has no size 0", ShapeError);
}

TEST_CASE("an empty tensor has the shape of no elements, a scalar that of one") {
  const Tensor empty, scalar{Shape()};
  CHECK(empty.empty());
  CHECK(empty.shape == Shape{0});
  CHECK(empty.shape.size() == empty.size());
  CHECK_FALSE(scalar.empty());
  CHECK(scalar.shape.size() == scalar.size());
}

}  // namespace tensor_view_test
