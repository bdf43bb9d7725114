#include "experiments/harness/worker_threads.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <initializer_list>

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
