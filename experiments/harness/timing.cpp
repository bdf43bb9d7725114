#include "experiments/harness/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace experiments::harness {

double seconds_of(const std::function<void()>& action, int calls) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (int i = 0; i < calls; ++i) action();
  return std::chrono::duration<double>(Clock::now() - start).count() / calls;
}

namespace {

// For this thread only, and until the end of the scope.
class OneThread {
 public:
#ifdef _OPENMP
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
#else
  OneThread() = default;
#endif
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  [[maybe_unused]] int before_ = 1;
};

}  // namespace

std::vector<std::vector<double>> interleaved_seconds(
    const std::vector<std::function<void()>>& actions, int rounds, double min_seconds) {
  [[maybe_unused]] const OneThread one_thread;
  std::vector<int> calls;
  for (const auto& action : actions) {
    action();  // memory is taken and caches are filled
    const double once = std::max(seconds_of(action, 1), 1e-9);
    calls.push_back(static_cast<int>(std::clamp(std::ceil(min_seconds / once), 1.0, 1e6)));
  }
  std::vector<std::vector<double>> seconds(actions.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const std::size_t turn = (i + static_cast<std::size_t>(round)) % actions.size();
      seconds[turn].push_back(seconds_of(actions[turn], calls[turn]));
    }
  }
  return seconds;
}

double best_gflops(double flops, const std::function<void()>& kernel) {
  const int calls = std::max(1, static_cast<int>(1e8 / flops));
  kernel();
  double best = 0;
  for (int run = 0; run < 5; ++run) best = std::max(best, flops / seconds_of(kernel, calls) / 1e9);
  return best;
}

std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) throw std::invalid_argument("ratios of lists of different lengths");
  std::vector<double> r;
  for (std::size_t i = 0; i < a.size(); ++i) r.push_back(a[i] / b[i]);
  return r;
}

double quantile(std::vector<double> x, double p) {
  if (x.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(x.begin(), x.end());
  const double at = p * static_cast<double>(x.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, x.size() - 1);
  return x[below] + (at - static_cast<double>(below)) * (x[above] - x[below]);
}

}  // namespace experiments::harness
