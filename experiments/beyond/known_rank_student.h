#pragma once

#include <atomic>
#include <map>

#include "experiments/training/adapt.h"
#include "lora/analysis/linear_algebra.h"
#include "lora/inject.h"

namespace experiments::beyond {

/// What a student is told at a position: the teacher's whole distribution, or one label drawn from
/// it, which is the same on the mean, with noise.
enum class Labels { soft, drawn };

/// How a student learns to say what the teacher says. AdamW, warm-up over 5 % of the steps, then
/// linear to zero. The inputs are tokens drawn uniformly from the vocabulary, fresh in every step;
/// the loss is KL(teacher ‖ student), averaged over all positions, without noise; with drawn labels
/// it is their cross-entropy.
struct StudentOptions {
  int rank = 16;
  double alpha = 16;  ///< the scale is alpha / rank
  int steps = 1500;
  int batch = 16;   ///< B, rows
  int length = 12;  ///< T, positions of a row
  double lr = 2e-2;
  std::uint64_t seed = 1;  ///< names A and the inputs
  std::vector<std::string> targets;
  Labels labels = Labels::soft;
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

/// A label for each row of the logits (M,V), drawn from their softmax: (M) of 0 .. V-1.
std::vector<int> drawn_labels(const nn::Matrix& logits, autograd::Random& random);

/// C = E x xᵀ of every projection of the model, by name, on the students' kind of input.
std::map<std::string, lora::MatrixXd> student_moments(nn::Model& model,
                                                      const StudentOptions& options);

std::string to_string(Labels labels);
Labels parse_labels(std::string_view text);  ///< throws std::invalid_argument naming the valid ones

}  // namespace experiments::beyond
