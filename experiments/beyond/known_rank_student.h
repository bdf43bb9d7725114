#pragma once

#include <atomic>

#include "experiments/training/adapt.h"
#include "lora/inject.h"

namespace experiments::beyond {

/// How a student learns to say what the teacher says. AdamW, warm-up over 5 % of the steps, then
/// linear to zero. The inputs are tokens drawn uniformly from the vocabulary, fresh in every step;
/// the loss is KL(teacher ‖ student), averaged over all positions, without noise.
struct StudentOptions {
  int rank = 16;
  double alpha = 16;  ///< the scale is alpha / rank
  int steps = 1500;
  int batch = 16;   ///< B, rows
  int length = 12;  ///< T, positions of a row
  double lr = 2e-2;
  std::uint64_t seed = 1;  ///< names A and the inputs
  std::vector<std::string> targets;
};

struct Student {
  std::unique_ptr<nn::Model> model;  ///< the base under LoRA
  double start = 0;  ///< KL before training, nats per position, on inputs that training did not see
  double kl = 0;     ///< and after
};

/// Puts LoRA on `base`, which becomes the student, and trains it. Throws Stopped once `stop`
/// is set.
Student train_student(std::unique_ptr<nn::Model> base, nn::Model& teacher,
                      const StudentOptions& options, const std::atomic<bool>& stop);

/// `rows` rows of `length` uniform tokens from the stream, as a vector of rows * length ids.
std::vector<int> uniform_tokens(const nn::Model& model, int rows, int length,
                                autograd::Random& random);

}  // namespace experiments::beyond
