#pragma once

#include <cstddef>
#include <functional>

#include "experiments/namespaces.h"

/// Threads that compute beside each other, each one cell at a time.
namespace experiments::harness {

/// The processors that this process may use, at least 1. Fewer than the machine has where a job
/// scheduler or taskset gave it fewer.
int usable_cores();

/// The most cells at a time that may be asked for.
constexpr int most_jobs = 1024;

/// Cells at a time where nobody says how many: what Slurm gave this task (SLURM_CPUS_PER_TASK),
/// which sees all of a node's processors where nothing confines it, or usable_cores.
int default_jobs();

/// Lets this thread, and those that it starts, run on every processor of usable_cores. OpenMP may
/// have tied it to one of them.
void run_on_usable_cores();

/// For the first line of a worker: OpenMP takes one thread in it, since cells run beside each other
/// instead, and it may run on every processor of usable_cores. Without that it would share one with
/// the others under OMP_PROC_BIND: that ties the main thread to a processor before main begins, and
/// new threads inherit it.
void prepare_worker_thread();

/// Calls work(0) .. work(count - 1), begun in this order and `jobs` at a time, each on one thread.
/// After an error no more are begun; the first is rethrown once all have ended.
void side_by_side(std::size_t count, int jobs, const std::function<void(std::size_t)>& work);

}  // namespace experiments::harness
