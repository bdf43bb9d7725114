#include "experiments/bench/bench_peak.h"

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "experiments/harness/worker_threads.h"

namespace experiments::bench {

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

struct Arrays {
  std::vector<float> a, b, c;
  explicit Arrays(std::size_t bytes) : a(bytes / 12, 0.0f), b(a.size(), 1.0f), c(a.size(), 2.0f) {}
};

void triad(Arrays& arrays, long rounds) {
  float* const a = arrays.a.data();
  const float *const b = arrays.b.data(), *const c = arrays.c.data();
  const std::size_t n = arrays.a.size();
  for (long round = 0; round < rounds; ++round) {
    const auto s = static_cast<float>(round);  // another one: no round can be left out
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
    for (std::size_t i = 0; i < n; ++i) a[i] = b[i] + s * c[i];
  }
}

// Seconds that work(t) takes on the threads t = 0 .. threads - 1 together.
template <class Work>
double seconds_together(int threads, const Work& work) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::thread> others;
  const auto start = Clock::now();
  for (int t = 1; t < threads; ++t)
    others.emplace_back([&work, t] {
      prepare_worker_thread();
      work(t);
    });
  work(0);
  for (std::thread& other : others) other.join();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

double fma_peak_gflops(int threads) {
  constexpr long rounds = 4'000'000;  // a few milliseconds
  double best = 0;
  const auto work = [](int) {
    volatile float own = 0.1f;
    multiply_add(rounds, own);
  };
  work(0);  // wakes the vector units
  for (int repeat = 0; repeat < 10; ++repeat)
    best = std::max(
        best, 2.0 * lanes * chains * rounds * threads / seconds_together(threads, work) / 1e9);
  return best;
}

double triad_gbytes_per_second(std::size_t bytes, int threads) {
  std::vector<Arrays> arrays(static_cast<std::size_t>(threads), Arrays(bytes));
  const long rounds = std::max(2L, static_cast<long>((256u << 20) / bytes));
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const double seconds = seconds_together(
        threads, [&](int t) { triad(arrays[static_cast<std::size_t>(t)], rounds); });
    best = std::max(
        best, static_cast<double>(bytes) * static_cast<double>(rounds) * threads / seconds / 1e9);
  }
  return best;
}

}  // namespace experiments::bench
