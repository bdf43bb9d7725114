#include "lora/variants/variant.h"

namespace lora::inline LOWRANK_PRECISION {

Tensor row_norms(const Eigen::MatrixXd& W) {
  Tensor norms({W.rows()});
  norms.m = W.rowwise().norm().transpose().cast<nn::Scalar>();
  return norms;
}

Tensor rounded(const Eigen::MatrixXd& values) {
  Tensor tensor({values.rows(), values.cols()});
  tensor.m = values.cast<nn::Scalar>();
  return tensor;
}

}  // namespace lora::inline LOWRANK_PRECISION
