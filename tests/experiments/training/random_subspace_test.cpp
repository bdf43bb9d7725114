#include "experiments/training/random_subspace.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "experiments/training/adapt.h"
#include "tests/experiments/fake_cells.h"

namespace random_subspace_test {

using namespace experiments::training;
using doctest::Approx;
using Vector = std::vector<nn::Scalar>;

namespace {

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b.at(i));
  return sum;
}

Vector unit(std::size_t n, std::size_t i) {
  Vector x(n, 0);
  x[i] = 1;
  return x;
}

Vector gaussian(std::size_t n, const char* name) {
  nn::Random random(1, name);
  Vector x(n);
  for (nn::Scalar& value : x) value = static_cast<nn::Scalar>(random.normal());
  return x;
}

}  // namespace

TEST_CASE("the Hadamard transform: its matrix, and its square") {
  const double rows[4][4] = {{1, 1, 1, 1}, {1, -1, 1, -1}, {1, 1, -1, -1}, {1, -1, -1, 1}};
  for (std::size_t i = 0; i < 4; ++i) {
    Vector x = unit(4, i);
    hadamard(x);
    for (std::size_t j = 0; j < 4; ++j) CHECK(x[j] == rows[i][j]);
  }
  Vector x = gaussian(64, "x"), twice = x;
  hadamard(twice);
  hadamard(twice);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(twice[i] == Approx(64 * x[i]).epsilon(1e-5));
}

TEST_CASE("P and its transpose belong together") {
  for (const auto& [D, d] : {std::pair<std::size_t, std::size_t>{1000, 7}, {96, 96}, {5, 1}}) {
    const RandomProjection P(static_cast<nn::Index>(D), static_cast<nn::Index>(d), 3);
    const Vector x = gaussian(d, "x"), y = gaussian(D, "y");
    CHECK(P.apply(x).size() == D);
    CHECK(dot(P.apply(x), y) == Approx(dot(x, P.apply_transposed(y))).epsilon(1e-4));
  }
}

TEST_CASE("columns of P have about unit length and are about orthogonal; seeds name it") {
  constexpr std::size_t D = 20000, d = 12;
  const RandomProjection P(D, d, 3), other(D, d, 4);
  for (std::size_t i = 0; i < d; ++i) {
    const Vector column = P.apply(unit(d, i));
    CHECK(dot(column, column) == Approx(1).epsilon(0.05));
    for (std::size_t j = 0; j < i; ++j) CHECK(std::abs(dot(column, P.apply(unit(d, j)))) < 0.05);
    CHECK(std::abs(dot(column, other.apply(unit(d, i)))) < 0.05);
    CHECK(column == RandomProjection(D, d, 3).apply(unit(d, i)));
  }
  CHECK_THROWS_AS(RandomProjection(10, 11, 1), std::invalid_argument);
  CHECK_THROWS_AS(RandomProjection(10, 0, 1), std::invalid_argument);
}

TEST_CASE("a model moves within its subspace, along the projected gradient") {
  const Base base{base_config(7, 1), std::make_shared<nn::Decoder>(BaseConfig::default_model(), 7)};
  Cell cell = fake::cell("nli", {}, 0, 1);
  cell.method = "subspace";
  cell.size = 3;
  cell.alpha = 0;
  cell.scaling = "";
  cell.steps = 4;
  cell.lr = 0.5;
  const auto model = prepare(base, cell);
  const auto examples = data::examples(data::tasks::nli, {}, data::Split::train, 1, 64);
  train(*model, cell, examples);

  Vector change;
  const auto unchanged = copy_of(*base.model);
  const auto before = nn::parameters(*unchanged), after = nn::parameters(*model);
  for (std::size_t i = 0; i < before.size(); ++i)
    for (nn::Index j = 0; j < before[i]->value.m.size(); ++j)
      change.push_back(after[i]->value.m.data()[j] - before[i]->value.m.data()[j]);
  CHECK(dot(change, change) > 0.01);
  // What is left of the change outside of the three columns is rounding.
  const RandomProjection P(static_cast<nn::Index>(change.size()), 3, cell.seed);
  Vector coordinates = P.apply_transposed(change);
  for (int i = 0; i < 20; ++i) {  // the columns are not quite orthonormal: Richardson's iteration
    const Vector back = P.apply(coordinates);
    Vector rest = change;
    for (std::size_t j = 0; j < rest.size(); ++j) rest[j] -= back[j];
    const Vector correction = P.apply_transposed(rest);
    for (std::size_t j = 0; j < 3; ++j) coordinates[j] += correction[j];
  }
  const Vector inside = P.apply(coordinates);
  double outside = 0;
  for (std::size_t j = 0; j < change.size(); ++j)
    outside += std::pow(static_cast<double>(change[j] - inside[j]), 2);
  CHECK(outside < 1e-6 * dot(change, change));
}

}  // namespace random_subspace_test
