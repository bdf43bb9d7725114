#include <memory>

#include "experiments/bench/bench_ops.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/cli/option_values.h"

namespace experiments::cli {

namespace {

struct BenchOpsOptions {
  std::string filter, min_time = "0.1", threads = "1";
  bool json = false;
};

int run_bench_ops(const BenchOpsOptions& given) {
  OpsBench bench;
  bench.min_time = parse_positive("--min-time", given.min_time);
  bench.threads = parse_threads(given.threads);
  bench.json = given.json;
  try {
    bench.names = matching_benchmarks(given.filter);
  } catch (const std::invalid_argument& error) {
    throw UsageError(std::string("--filter ") + error.what());
  }
  time_ops(bench);
  return 0;
}

}  // namespace

Command bench_ops_command() {
  auto given = std::make_shared<BenchOpsOptions>();
  Command command("ops", "time every operation forward and backward (Google Benchmark)");
  command.option("--filter", given->filter, "a regular expression, as gelu/small or backward");
  command.option("--min-time", given->min_time, "seconds for each, at least");
  command.option("--threads", given->threads, "threads");
  command.flag("--json", given->json, "Google Benchmark's JSON");
  command.action([given](const Command&) { return run_bench_ops(*given); });
  return command;
}

}  // namespace experiments::cli
