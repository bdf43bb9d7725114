#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/random.h"

/// The table of operations that the tests of values and gradients walk. It is split by topic over
/// the op_cases_*.cpp files.
namespace op_cases {

using namespace autograd;

using Shapes = std::vector<Shape>;  ///< one shape for each input
using Tensors = std::vector<Tensor>;

/// Where an input is drawn, so that poles and kinks stay further away than a difference quotient
/// reaches.
enum class Draw {
  normal,          ///< N(0, 1)
  positive,        ///< U[0.5, 2)
  away_from_zero,  ///< U[0.5, 2) with a random sign
};

struct OpCase {
  std::string op;       ///< its name in autograd/ops.h or autograd/ops_models.h
  std::string variant;  ///< what tells this line from others of the same op
  Function function;
  std::function<Tensor(const Tensors&)> reference;  ///< the same mathematics in plain loops
  std::vector<Draw> draws;                          ///< one for each input; fewer: the rest normal
  std::vector<Shapes> shapes;
  std::vector<Shapes> constant_shapes = {};  ///< where the function is constant in its inputs
};

std::vector<OpCase> elementwise();  ///< ops_elementwise.cpp and ops_functions.cpp
std::vector<OpCase> linear();       ///< ops_linear.cpp
std::vector<OpCase> moving();       ///< ops_shape.cpp
std::vector<OpCase> by_rows();      ///< ops_reduce.cpp, ops_softmax.cpp and ops_norm.cpp
std::vector<OpCase> losses();       ///< ops_loss.cpp
std::vector<OpCase> attentions();   ///< ops_attention.cpp
std::vector<OpCase> recurrent();    ///< ops_models.cpp, its recurrent networks
std::vector<OpCase> models();       ///< ops_models.cpp, its transformers
std::vector<OpCase> all();          ///< the whole table

/// Inputs for one list of shapes: the same at every call.
Tensors draw(const OpCase& op_case, const Shapes& shapes);

/// "attention causal (2,3,4) (2,3,4) (2,3,4)", for messages.
std::string title(const OpCase& op_case, const Shapes& shapes);

/// A tensor whose element (i, j) of the folded matrix is f(i, j).
template <class F>
Tensor fill(Shape shape, F f) {
  Tensor y(shape);
  for (Index i = 0; i < y.rows(); ++i)
    for (Index j = 0; j < y.cols(); ++j) y.m(i, j) = f(i, j);
  return y;
}

}  // namespace op_cases
