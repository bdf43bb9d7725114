#include "own/a4_backward.h"

namespace course::a4 {

static Matrix masked(const Matrix& X, const Matrix& K) {
  return K.size() == 0 ? X : Matrix(X.cwiseProduct(K));
}

Matrix forward(const Layer& layer, const Matrix& X, const Matrix& K) {
  const Matrix U = layer.s * (masked(X, K) * layer.A.transpose());  // (n,r)
  Matrix H = X * layer.W0.transpose() + U * layer.B.transpose();
  H.rowwise() += layer.b.row(0);
  return H;
}

Gradients backward(const Layer& layer, const Matrix& X, const Matrix& K, const Matrix& dH) {
  const Matrix Z = masked(X, K);
  const Matrix U = layer.s * (Z * layer.A.transpose());  // (n,r)
  const Matrix dZA = layer.s * (dH * layer.B);           // (n,r), the gradient of Z Aᵀ
  return {dZA.transpose() * Z, dH.transpose() * U, dH * layer.W0 + masked(dZA * layer.A, K)};
}

}  // namespace course::a4
