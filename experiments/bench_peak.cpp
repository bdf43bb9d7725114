#include "experiments/bench_peak.h"

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace experiments {

namespace {

using Packet = Eigen::internal::packet_traits<float>::type;
constexpr int chains = 12;  // an instruction waits 4 or 5 cycles for its operand, two begin a cycle
constexpr int lanes = Eigen::internal::packet_traits<float>::size;

// Runs a ← a x + y on every chain, `rounds` times. Start and result pass through `seed`, so that no
// compiler can compute it once for all calls or not at all.
void multiply_add(long rounds, volatile float& seed) {
  const float start = seed;
  Packet a[chains];
  for (int c = 0; c < chains; ++c)
    a[c] = Eigen::internal::pset1<Packet>(start * static_cast<float>(c));
  const Packet x = Eigen::internal::pset1<Packet>(0.999f),
               y = Eigen::internal::pset1<Packet>(1e-3f);
  for (long i = 0; i < rounds; ++i)
    for (Packet& chain : a) chain = Eigen::internal::pmadd(chain, x, y);
  float sum = 0;
  for (const Packet& chain : a) sum += Eigen::internal::predux(chain);
  seed = sum;
}

}  // namespace

double fma_peak_gflops(int threads) {
  using Clock = std::chrono::steady_clock;
  constexpr long rounds = 4'000'000;  // a few milliseconds
  double best = 0;
  volatile float seed = 0.1f;
  multiply_add(rounds, seed);  // wakes the vector units
  for (int repeat = 0; repeat < 10; ++repeat) {
    std::vector<std::thread> others;
    const auto start = Clock::now();
    for (int t = 1; t < threads; ++t)
      others.emplace_back([] {
        volatile float own = 0.1f;
        multiply_add(rounds, own);
      });
    multiply_add(rounds, seed);
    for (std::thread& other : others) other.join();
    const std::chrono::duration<double> seconds = Clock::now() - start;
    best = std::max(best, 2.0 * lanes * chains * rounds * threads / seconds.count() / 1e9);
  }
  return best;
}

}  // namespace experiments
