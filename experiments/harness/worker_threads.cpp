#include "experiments/harness/worker_threads.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "nn/files/numbers.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __linux__
#include <sched.h>
#endif

namespace experiments::harness {

#ifdef __linux__
// The main thread's, or where OpenMP has tied that to a place, all its places.
static cpu_set_t usable_set() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
#ifdef _OPENMP
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> ids(static_cast<std::size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, ids.data());
    for (const int id : ids) CPU_SET(static_cast<std::size_t>(id), &cores);
  }
#endif
  if (CPU_COUNT(&cores) == 0) ::sched_getaffinity(0, sizeof cores, &cores);
  return cores;
}
#endif

int usable_cores() {
#ifdef __linux__
  const cpu_set_t cores = usable_set();
  if (CPU_COUNT(&cores) > 0) return CPU_COUNT(&cores);
#endif
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

int default_jobs() {
  const char* of_task = std::getenv("SLURM_CPUS_PER_TASK");
  const long given = of_task == nullptr ? 0 : nn::read_whole(of_task).value_or(0);
  return given >= 1 && given <= most_jobs ? static_cast<int>(given) : usable_cores();
}

void prepare_worker_thread() {
#ifdef _OPENMP
  omp_set_num_threads(1);  // for this thread only
  // GCC's OpenMP ties a thread to the first place when it begins its first region: here is one,
  // with something in it, or the compiler leaves it out.
#pragma omp parallel
  { [[maybe_unused]] volatile int begun = 1; }
#endif
  run_on_usable_cores();
}

void side_by_side(std::size_t count, int jobs, const std::function<void(std::size_t)>& work) {
  std::mutex mutex;
  std::size_t next = 0;
  std::exception_ptr error;
  const auto worker = [&] {
    prepare_worker_thread();
    for (;;) {
      std::size_t mine = 0;
      {
        const std::lock_guard guard(mutex);
        if (error || next == count) return;
        mine = next++;
      }
      try {
        work(mine);
      } catch (...) {
        const std::lock_guard guard(mutex);
        if (!error) error = std::current_exception();
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(static_cast<std::size_t>(jobs), count); ++i)
    threads.emplace_back(worker);
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

void run_on_usable_cores() {
#ifdef __linux__
  const cpu_set_t cores = usable_set();
  if (CPU_COUNT(&cores) > 0) ::sched_setaffinity(0, sizeof cores, &cores);
#endif
}

}  // namespace experiments::harness
