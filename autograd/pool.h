#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "autograd/tensor.h"

namespace autograd::inline LOWRANK_PRECISION {

/// Owns a tape's tensors and hands last step's out again. Tensors of equal size serve each other
/// whatever their shape. A step that wants another size frees what it does not use of the steps
/// before: steps of many shapes, as texts have, take the memory of one.
class TensorPool {
 public:
  Tensor* take(const Shape& shape);  ///< contents unspecified
  void give_back(Tensor* tensor);    ///< for the next take of its size
  void next_step() { ++step_; }

  long allocations() const { return allocations_; }  ///< how often memory was asked for
  Index bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<Tensor>> tensors_;
  std::unordered_map<Index, std::vector<Tensor*>> spare_;  // by number of elements; 0: no memory
  Index bytes_ = 0;
  long allocations_ = 0, step_ = 0, freed_in_ = 0;

  void free_spare();
};

}  // namespace autograd::inline LOWRANK_PRECISION
