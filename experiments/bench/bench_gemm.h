#pragma once

#include <string>
#include <vector>

#include "autograd/gemm.h"
#include "experiments/bench/bench_step.h"

namespace experiments::bench {

/// The three forms of a product in a training step: a b, a bᵀ (a layer forward) and aᵀ b (the
/// gradient of its weights).
enum class Form { nn, nt, tn };

/// A product of a training step: c (M,N) from a (M,K) and b (K,N).
struct Product {
  const char* what;  ///< where in the step it comes from
  nn::Index M, N, K;
  Form form;  ///< there

  double flops() const { return 2.0 * double(M) * double(N) * double(K); }
  /// Operations for each byte of a, b and c, were each moved once.
  double intensity() const { return flops() / (4.0 * double(M * K + K * N + M * N)); }
};

/// Those of the layers, of a head, of LoRA at rank 4, and of the head of the vocabulary.
std::vector<Product> products_of_step(const BenchShape& shape);

/// Who computes: "tiles", our own; "Eigen"; and "OpenBLAS" where it is built in. All get the same
/// chunks on the same threads (kernels::in_chunks).
std::vector<std::string> gemm_engines();

/// The speed of one product by one of them, 10⁹ operations a second: the best of several runs.
double gemm_speed(const Product& product, Form form, const std::string& engine);

}  // namespace experiments::bench
