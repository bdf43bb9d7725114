#include "experiments/bench/bench_ops.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <regex>

#include "experiments/bench/bench_op_cases.h"

namespace experiments::bench {

namespace {

enum class Pass { forward, backward };

struct OpBenchmark {
  OpCase op;
  BenchShape shape;
  Pass pass;

  std::string name() const {
    return fmt::format("{}/{}/{}", op.name, shape.name,
                       pass == Pass::forward ? "forward" : "backward");
  }
};

std::vector<OpBenchmark> all_benchmarks() {
  std::vector<OpBenchmark> all;
  for (const OpCase& op : op_cases())
    for (const BenchShape& shape : bench_shapes())
      if (shape.name == "toy" || shape.name == "small")
        for (const Pass pass : {Pass::forward, Pass::backward}) all.push_back({op, shape, pass});
  return all;
}

// One pass is timed; the other runs between. The tape is that of a training, after its first step.
void time_pass(benchmark::State& state, const OpBenchmark& bench) {
  using Clock = std::chrono::steady_clock;
  autograd::Tape tape(autograd::TapeMode::training);
  OpInputs in(tape, bench.shape);
  const autograd::Tensor du = nn::Random(0, "bench.ops.du").normal(bench.op.run(in).shape(), 1);
  double flops = 0;
  for ([[maybe_unused]] const auto& iteration : state) {
    tape.clear();
    auto start = Clock::now();
    const autograd::Var y = bench.op.run(in);
    flops = tape.stats().gemm_flops;
    if (bench.pass == Pass::backward) {
      start = Clock::now();
      tape.backward(y, du);
    }
    const std::chrono::duration<double> seconds = Clock::now() - start;
    state.SetIterationTime(seconds.count());
    if (bench.pass == Pass::backward) flops = tape.stats().gemm_flops - flops;
  }
  // Of its matrix products, operations a second; 0 for most.
  state.counters["products"] =
      benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const OpCase& op : op_cases()) names.push_back(op.name);
  return names;
}

std::vector<std::string> op_benchmarks() {
  std::vector<std::string> names;
  for (const OpBenchmark& bench : all_benchmarks()) names.push_back(bench.name());
  return names;
}

std::vector<std::string> matching_benchmarks(const std::string& filter) {
  constexpr std::size_t longest = 200;  // matching recurses with the length
  if (filter.size() > longest)
    throw std::invalid_argument(fmt::format("a regular expression of {} characters; {} are allowed",
                                            filter.size(), longest));
  std::vector<std::string> names = op_benchmarks();
  try {
    const std::regex wanted(filter);
    std::erase_if(names, [&](const std::string& name) { return !std::regex_search(name, wanted); });
  } catch (const std::regex_error&) {
    throw std::invalid_argument(fmt::format("'{}' is no regular expression", filter));
  }
  if (names.empty())
    throw std::invalid_argument(fmt::format(
        "'{}' matches no benchmark OP/toy|small/forward|backward; the operations are {}", filter,
        fmt::join(op_names(), ", ")));
  return names;
}

void time_ops(const OpsBench& bench) {
  use_threads(bench.threads);
  for (const OpBenchmark& one : all_benchmarks())
    if (std::find(bench.names.begin(), bench.names.end(), one.name()) != bench.names.end())
      benchmark::RegisterBenchmark(one.name().c_str(),
                                   [one](benchmark::State& state) { time_pass(state, one); })
          ->UseManualTime()
          ->Unit(benchmark::kMicrosecond);
  std::string program = "lowrank",
              min_time = fmt::format("--benchmark_min_time={}", bench.min_time);
  char* arguments[] = {program.data(), min_time.data(), nullptr};
  int count = 2;
  benchmark::Initialize(&count, arguments);
  benchmark::JSONReporter json;
  benchmark::ConsoleReporter console(benchmark::ConsoleReporter::OO_Tabular);
  if (bench.json)
    benchmark::RunSpecifiedBenchmarks(&json);
  else
    benchmark::RunSpecifiedBenchmarks(&console);
  benchmark::ClearRegisteredBenchmarks();
}

}  // namespace experiments::bench
