#include "autograd/pool.h"

namespace autograd::inline LOWRANK_PRECISION {

Tensor* TensorPool::take(const Shape& shape) {
  std::vector<Tensor*>& spare = spare_[shape.size()];
  Tensor* tensor = nullptr;
  if (spare.empty()) {
    tensor = tensors_.emplace_back(std::make_unique<Tensor>()).get();
    bytes_ += shape.size() * static_cast<Index>(sizeof(Scalar));
  } else {
    tensor = spare.back();
    spare.pop_back();
  }
  tensor->shape = shape;
  // Eigen keeps the memory where the number of elements is the same.
  tensor->m.resize(shape.rows(), shape.cols());
  return tensor;
}

void TensorPool::give_back(Tensor* tensor) { spare_[tensor->size()].push_back(tensor); }

}  // namespace autograd::inline LOWRANK_PRECISION
