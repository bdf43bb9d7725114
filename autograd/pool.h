#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "autograd/tensor.h"

namespace autograd::inline LOWRANK_PRECISION {

/// Owns a tape's tensors and hands last step's out again. Tensors of equal size serve each other
/// whatever their shape.
class TensorPool {
 public:
  Tensor* take(const Shape& shape);  ///< contents unspecified
  void give_back(Tensor* tensor);    ///< for the next take of its size

  long allocations() const { return static_cast<long>(tensors_.size()); }
  Index bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<Tensor>> tensors_;
  std::unordered_map<Index, std::vector<Tensor*>> spare_;  // by number of elements
  Index bytes_ = 0;
};

}  // namespace autograd::inline LOWRANK_PRECISION
