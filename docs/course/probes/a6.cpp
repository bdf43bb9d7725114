// Calls what assignment a6 asks for, with the inputs of each case. It knows no results. Singular
// vectors are free up to their signs, so what does not depend on these is written in their place.
#include <Eigen/LU>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"
#include "own/a6_rank.h"
#include "probes/protocol.h"

namespace {

using course::Case;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

void tensor(const std::string& name, const MatrixXd& m) {
  course::write(name, autograd::Matrix(m));
}

MatrixXd matrix(const Case& c, const std::string& name) { return c.tensor(name); }

Index integer(const Case& c, const std::string& name) { return static_cast<Index>(c.number(name)); }

// Whatever a call refuses, it refuses with std::invalid_argument; the words are free.
void refused_or(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument&) {
    course::write("refused", "invalid_argument");
  }
}

// U, sigma and V by what signs do not change: sigma, the product, and that columns are orthonormal.
// Of a large product its upper left corner.
void write_svd(const lora::Svd& s) {
  tensor("sigma", s.sigma.transpose());
  if (s.U.cols() != s.sigma.size() || s.V.cols() != s.sigma.size())
    throw std::logic_error("U and V have other numbers of columns than sigma has values");
  const Index rows = std::min<Index>(8, s.U.rows()), cols = std::min<Index>(8, s.V.rows());
  tensor("product",
         s.U.topRows(rows) * s.sigma.asDiagonal() * MatrixXd(s.V.topRows(cols).transpose()));
  tensor("UtU", s.U.transpose() * s.U);
  tensor("VtV", s.V.transpose() * s.V);
}

void svd_of_product(const Case& c) {
  MatrixXd B = matrix(c, "B"), A = matrix(c, "A");
  if (c.has("R")) {
    const MatrixXd R = matrix(c, "R");
    B = B * R;
    A = R.inverse() * A;
  }
  if (c.numbers.contains("copies")) {  // one below the other, and one beside the other
    B = B.replicate(integer(c, "copies"), 1).eval();
    A = A.replicate(1, integer(c, "copies")).eval();
  }
  refused_or([&] { write_svd(lora::svd_of_product(B, A, c.number("s"))); });
}

// The student's level beside what drawn subspaces have; the measured φ is computed here.
void chance(const Case& c) {
  const Index i = integer(c, "i"), j = integer(c, "j"), d = integer(c, "d");
  const double level = lora::chance_similarity(i, j, d), sd = lora::chance_similarity_sd(i, j, d);
  course::write("chance", level);
  course::write("sd", sd);
  const double phi = lora::corrected(c.number("phi"), i, j, d);
  if (std::isnan(phi))
    course::write("corrected", "nan");
  else
    course::write("corrected", phi);
  if (!c.numbers.contains("draws")) return;
  const auto draws = integer(c, "draws");
  autograd::Random random(5, "course.a6.q3");
  VectorXd drawn(draws);
  for (double& x : drawn) {
    const MatrixXd U = lora::random_subspace(d, i, random);
    x = (U.transpose() * lora::random_subspace(d, j, random)).squaredNorm() /
        static_cast<double>(std::min(i, j));
  }
  const auto n = static_cast<double>(draws);
  const double spread = std::sqrt((drawn.array() - drawn.mean()).square().sum() / (n - 1));
  course::write("mean_agrees", std::abs(drawn.mean() - level) <= 4 * spread / std::sqrt(n) + 1e-12);
  course::write("sd_agrees", std::abs(spread - sd) <= 4 * spread / std::sqrt(2 * n) + 1e-12);
}

void amplification(const Case& c) {
  const MatrixXd W = matrix(c, "W"), U = matrix(c, "U"), V = matrix(c, "V");
  refused_or([&] { course::write("projected", lora::projected_norm(W, U, V)); });
  course::write("expected", lora::expected_random_norm(W, U.cols()));
  refused_or([&] {
    const lora::HalfRandom half = lora::half_random_norms(W, U, V);
    course::write("inputs_kept", half.inputs_kept);
    course::write("outputs_kept", half.outputs_kept);
  });
  if (!c.numbers.contains("together")) return;
  const lora::Svd delta{U, VectorXd::Ones(U.cols()), V};
  const auto all =
      lora::amplification(W, lora::svd(W), delta, U.cols(), autograd::Random(1, "draws"), 2);
  course::write("in_delta", all.in_delta);
  course::write("in_w", all.in_w);
  course::write("over_random", all.over_random());
  course::write("log_position", all.log_position());
}

void spectrum(const Case& c) {
  const VectorXd sigma = matrix(c, "sigma").reshaped();
  course::write("stable", lora::stable_rank(sigma));
  course::write("effective", lora::effective_rank(sigma));
  MatrixXd errors(1, sigma.size() + 2);
  for (Index k = 0; k < errors.cols(); ++k) errors(0, k) = lora::eckart_young_error(sigma, k);
  tensor("errors", errors);
}

// One evidence as it is, in another gauge, and with large noise where no input enters.
void read_rank(const Case& c) {
  using namespace course::a6;
  const Factors adapter{matrix(c, "B"), matrix(c, "A"), c.number("s")};
  const Factors control{matrix(c, "control_B"), matrix(c, "control_A"), c.number("s")};
  const auto turned = [&](const Factors& factors, const std::string& gauge) {
    const MatrixXd R = matrix(c, gauge);
    return Factors{factors.B * R, R.inverse() * factors.A, factors.s};
  };
  const auto noisy = [&](const Factors& factors) {
    return Factors{factors.B, factors.A + matrix(c, "noise"), factors.s};
  };
  const auto ask = [&](const std::string& name, const Factors& asked, const Factors& beside) {
    const Reading reading = course::a6::read_rank(
        {.adapter = asked, .control = beside, .C = matrix(c, "C"), .loss_left = c.number("left")});
    course::write(name, reading.rank ? std::to_string(*reading.rank) : "none");
  };
  ask("rank", adapter, control);
  ask("rank_in_another_gauge", turned(adapter, "R"), turned(control, "control_R"));
  ask("rank_with_unseen_noise", noisy(adapter), noisy(control));
}

void run(const Case& c) {
  const std::string& call = c.text("call");
  if (call == "svd_of_product") svd_of_product(c);
  if (call == "similarity_grid")
    refused_or([&] { tensor("phi", lora::similarity_grid(matrix(c, "U"), matrix(c, "V"))); });
  if (call == "chance") refused_or([&] { chance(c); });
  if (call == "amplification") amplification(c);
  if (call == "spectrum") spectrum(c);
  if (call == "read_rank") read_rank(c);
}

}  // namespace

int main() { return course::answer(run); }
