#include "experiments/harness/worker_threads.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <initializer_list>
#include <set>
#include <stdexcept>

namespace worker_threads_test {

using namespace experiments::harness;

TEST_CASE("a task of Slurm runs as many cells at a time as it was given processors") {
  const auto with = [](const char* cpus) {
    ::setenv("SLURM_CPUS_PER_TASK", cpus, 1);
    const int jobs = default_jobs();
    ::unsetenv("SLURM_CPUS_PER_TASK");
    return jobs;
  };
  CHECK(with("7") == 7);
  for (const char* none : {"", "0", "-2", "two", "1000000"}) CHECK(with(none) == usable_cores());
  CHECK(default_jobs() == usable_cores());
}

TEST_CASE("work is done once each, and after an error no more is begun") {
  std::atomic<int> sum = 0;
  side_by_side(100, 3, [&](std::size_t i) { sum += static_cast<int>(i); });
  CHECK(sum == 4950);
  side_by_side(0, 3, [](std::size_t) { FAIL("there is nothing to do"); });
  std::set<std::size_t> begun;
  CHECK_THROWS_WITH_AS(side_by_side(5, 1,
                                    [&](std::size_t i) {
                                      begun.insert(i);
                                      if (i == 2) throw std::runtime_error("the third");
                                    }),
                       "the third", std::runtime_error);
  CHECK(begun == std::set<std::size_t>{0, 1, 2});
}

}  // namespace worker_threads_test
