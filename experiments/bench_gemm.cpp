#include "experiments/bench_gemm.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "autograd/kernels.h"

namespace experiments {

namespace {

using Clock = std::chrono::steady_clock;

// 10⁹ operations a second; `product` returns how many it did.
double best_speed(const std::function<double()>& product) {
  const double once = product();
  const int repeats = std::max(1, static_cast<int>(1e8 / once));
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const auto start = Clock::now();
    double done = 0;
    for (int i = 0; i < repeats; ++i) done += product();
    best = std::max(best, done / std::chrono::duration<double>(Clock::now() - start).count() / 1e9);
  }
  return best;
}

GemmTiming timed(const char* what, nn::Index M, nn::Index N, nn::Index K) {
  nn::Random random(0, "bench.gemm");
  const nn::Matrix a = random.uniform({M, K}, -1, 1).m, b = random.uniform({K, N}, -1, 1).m;
  const nn::Matrix at = a.transpose(), bt = b.transpose();
  nn::Matrix c(M, N);
  namespace kernels = autograd::kernels;
  return {what,
          M,
          N,
          K,
          best_speed([&] { return kernels::matmul_nn(a, b, c); }),
          best_speed([&] { return kernels::matmul_nt(a, bt, c); }),
          best_speed([&] { return kernels::matmul_tn(at, b, c); })};
}

}  // namespace

std::vector<GemmTiming> time_products(const BenchShape& s, int threads) {
  use_threads(threads);
  const nn::Index tokens = s.B * s.T, hs = s.C / s.heads, r = 4;
  return {timed("q, k, v, o", tokens, s.C, s.C),   timed("up", tokens, 4 * s.C, s.C),
          timed("down", tokens, s.C, 4 * s.C),     timed("gradient of up", 4 * s.C, s.C, tokens),
          timed("scores of a head", s.T, s.T, hs), timed("mix of a head", s.T, hs, s.T),
          timed("x A^T of LoRA", tokens, r, s.C),  timed("its B", tokens, s.C, r),
          timed("gradient of A", r, s.C, tokens),  timed("head", tokens, s.V, s.C)};
}

}  // namespace experiments
