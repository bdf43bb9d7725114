#include "autograd/pool.h"

#include <utility>

namespace autograd::inline LOWRANK_PRECISION {

Tensor* TensorPool::take(const Shape& shape) {
  // Where sizes stay as they are nothing is missing after the first step. Where they change it is
  // at the beginning of a step, and what is spare then was another one's.
  if (spare_[shape.size()].empty() && std::exchange(freed_in_, step_) != step_) free_spare();
  std::vector<Tensor*>& spare = spare_[shape.size()].empty() ? spare_[0] : spare_[shape.size()];
  Tensor* tensor = nullptr;
  if (spare.empty()) {
    tensor = tensors_.emplace_back(std::make_unique<Tensor>()).get();
  } else {
    tensor = spare.back();
    spare.pop_back();
  }
  allocations_ += tensor->m.size() != shape.size();
  bytes_ += (shape.size() - tensor->m.size()) * static_cast<Index>(sizeof(Scalar));
  tensor->shape = shape;
  // Eigen keeps the memory where the number of elements is the same.
  tensor->m.resize(shape.rows(), shape.cols());
  return tensor;
}

void TensorPool::give_back(Tensor* tensor) { spare_[tensor->size()].push_back(tensor); }

void TensorPool::free_spare() {
  std::vector<Tensor*> freed = std::move(spare_[0]);
  spare_.erase(0);
  for (auto& [size, tensors] : spare_)
    for (Tensor* tensor : tensors) {
      bytes_ -= size * static_cast<Index>(sizeof(Scalar));
      tensor->m.resize(0, 0);
      freed.push_back(tensor);
    }
  spare_.clear();
  spare_[0] = std::move(freed);
}

}  // namespace autograd::inline LOWRANK_PRECISION
