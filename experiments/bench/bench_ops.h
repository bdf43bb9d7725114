#pragma once

#include <string>
#include <vector>

#include "experiments/bench/bench_step.h"

namespace experiments::bench {

/// Every operation of autograd/ops.h by its name, forward and backward, timed by Google Benchmark
/// at the sizes it would have in a step of a configuration: M = B T rows of C columns, 4 C inside
/// the MLP, V at the head.
struct OpsBench {
  std::vector<std::string> names;  ///< benchmarks to run, of op_benchmarks()
  double min_time = 0.1;           ///< seconds for each
  int threads = 1;
  bool json = false;  ///< Google Benchmark's JSON instead of its table, on standard output
};

/// The names in the order of ops.h, "matmul".
std::vector<std::string> op_names();

/// "matmul/toy/forward": all operations at toy and at small, forward and backward.
std::vector<std::string> op_benchmarks();

/// Those whose name contains a match of the regular expression; all for an empty one. Throws
/// std::invalid_argument, naming the operations, for one that matches none or is none.
std::vector<std::string> matching_benchmarks(const std::string& filter);

/// Runs and prints them. "Time" is that of the pass, "CPU" that of both: before a backward pass
/// there is always a forward one.
void time_ops(const OpsBench& bench);

}  // namespace experiments::bench
