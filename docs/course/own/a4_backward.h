#pragma once

#include <Eigen/Core>

/// Assignment a4, question 4: the layer and its gradients by hand, without a tape.
namespace course::a4 {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// h = W0 x + b + s B A (x ∘ K) for each row x of X. K is a dropout mask that has been drawn
/// already: 0 or 1 / (1 - p) for each element of X. It acts on what A reads, and on nothing else.
struct Layer {
  Matrix W0;     ///< (out,in), frozen
  Matrix b;      ///< (1,out), frozen
  Matrix A;      ///< (r,in)
  Matrix B;      ///< (out,r)
  double s = 1;  ///< the scale
};

/// What flows back. W0 and b are frozen and get nothing.
struct Gradients {
  Matrix dA;  ///< (r,in)
  Matrix dB;  ///< (out,r)
  Matrix dX;  ///< (n,in)
};

/// H (n,out) for X (n,in). K has the shape of X, or is empty: then nothing is dropped. The product
/// B A is not formed.
Matrix forward(const Layer& layer, const Matrix& X, const Matrix& K);

/// The gradients of a loss whose gradient in H is dH (n,out). The product B A is not formed.
Gradients backward(const Layer& layer, const Matrix& X, const Matrix& K, const Matrix& dH);

}  // namespace course::a4
