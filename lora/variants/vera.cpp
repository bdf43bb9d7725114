#include "lora/variants/vera.h"

#include <fmt/format.h>

namespace lora::inline LOWRANK_PRECISION {

VeraMatrices::VeraMatrices(Index rank, Index in, Index out, std::uint64_t seed) {
  A.value = nn::Random(seed, "vera_A").normal({rank, in}, nn::preserving_stddev(in));
  B.value = nn::Random(seed, "vera_B").normal({out, rank}, nn::preserving_stddev(rank));
  A.trainable = B.trainable = false;
}

Vera::Vera(std::unique_ptr<nn::Linear> linear, std::shared_ptr<VeraMatrices> matrices, double p)
    : base(std::move(linear)), shared(std::move(matrices)), dropout(p) {
  const Tensor &A = shared->A.value, &B = shared->B.value;
  if (A.cols() < in_features() || B.rows() < out_features() || A.rows() != B.cols())
    throw std::invalid_argument(fmt::format("VeRA's matrices {} and {} are too small for ({},{})",
                                            A.shape.str(), B.shape.str(), out_features(),
                                            in_features()));
  nn::set_trainable(*base, false);
  lambda_d.value = Tensor({A.rows()});
  lambda_d.value.m.setConstant(static_cast<nn::Scalar>(0.1));
  lambda_b.value = Tensor({out_features()});
}

Var Vera::forward(const Pass& pass, Var x) {
  const Var y = base->forward(pass, x);
  const Var z = nn::Dropout{dropout}.forward(pass, x);
  const Var A = autograd::slice_cols(pass.tape.parameter(shared->A), 0, in_features());
  const Var B = autograd::slice_rows(pass.tape.parameter(shared->B), 0, out_features());
  const Var az = autograd::matmul_nt(z, A);  // (..,r)
  const Var u = autograd::multiply_row(az, pass.tape.parameter(lambda_d));
  const Var bu = autograd::matmul_nt(u, B);  // (..,out)
  return autograd::add(y, autograd::multiply_row(bu, pass.tape.parameter(lambda_b)));
}

Eigen::MatrixXd Vera::merged() const {
  const auto diagonal = [](const Parameter& p) {
    return Eigen::VectorXd(p.value.m.row(0).transpose().cast<double>());
  };
  const Eigen::MatrixXd A = shared->A.value.m.leftCols(in_features()).cast<double>();
  const Eigen::MatrixXd B = shared->B.value.m.topRows(out_features()).cast<double>();
  const Eigen::MatrixXd scaled_a = diagonal(lambda_d).asDiagonal() * A;
  const Eigen::MatrixXd scaled_b = diagonal(lambda_b).asDiagonal() * B;
  return base->weight.full().m.cast<double>() + scaled_b.lazyProduct(scaled_a);
}

void Vera::visit(const std::string& prefix, const Visitor& fn) {
  base->visit(nn::join(prefix, "base"), fn);
  fn(nn::join(prefix, "vera_lambda_b"), lambda_b);
  fn(nn::join(prefix, "vera_lambda_d"), lambda_d);
}

}  // namespace lora::inline LOWRANK_PRECISION
