#include <fmt/format.h>

#include <memory>

#include "experiments/bench/bench_sweep.h"
#include "experiments/cli/base_options.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/evidence/plain_table.h"
#include "experiments/harness/output.h"
#include "experiments/harness/timing.h"
#include "experiments/harness/worker_threads.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

struct BenchSweepOptions {
  SweepBench bench;
  bool json = false;
};

int run_bench_sweep(const BenchSweepOptions& given) {
  const SweepTiming timing = time_sweeps(given.bench);
  std::vector<double> one, many, ratios;
  nn::Json pairs = nn::Json::array();
  const std::string at_a_time = fmt::format("{} jobs", given.bench.jobs);
  PlainTable table{{"cells per minute", "1 job", at_a_time, "ratio"}};
  const auto add_row = [&](const std::string& what, double a, double b, double ratio) {
    table.push_back(
        {what, fmt::format("{:.1f}", a), fmt::format("{:.1f}", b), fmt::format("{:.2f}", ratio)});
  };
  for (const SweepPair& pair : timing.pairs) {
    one.push_back(pair.one), many.push_back(pair.many), ratios.push_back(pair.ratio());
    pairs.push_back({{"one", nn::number_json(pair.one)},
                     {"many", nn::number_json(pair.many)},
                     {"ratio", nn::number_json(pair.ratio())}});
    add_row(fmt::format("pair {}", pairs.size()), pair.one, pair.many, pair.ratio());
  }
  add_row("median", quantile(one, 0.5), quantile(many, 0.5), quantile(ratios, 0.5));
  if (given.json)
    print_out("{}", json_line({{"cells", timing.cells},
                               {"jobs", given.bench.jobs},
                               {"one", nn::number_json(quantile(one, 0.5))},
                               {"many", nn::number_json(quantile(many, 0.5))},
                               {"ratio", nn::number_json(quantile(ratios, 0.5))},
                               {"pairs", pairs}}));
  else
    print_out("{} cells of Table 6's smoke preset in each sweep\n\n{}", timing.cells,
              console_table(table));
  return 0;
}

}  // namespace

Command bench_sweep_command() {
  auto given = std::make_shared<BenchSweepOptions>();
  Command command("sweep", "cells per minute for one job and for several");
  SweepBench& bench = given->bench;
  bench.grid.seeds = 1;
  bench.grid.tasks = {data::tasks::nli};
  add_tasks_option(command, bench.grid.tasks);
  command.option("--jobs", whole(bench.jobs, 2, most_jobs), "cells at a time, compared with one");
  command.option("--pairs", whole(bench.pairs, 1, 100), "how often both are timed, in turn");
  command.option("--base-steps", base_steps_value(bench.grid.base_steps),
                 "of the base that the cells adapt");
  add_json_option(command, given->json);
  command.action([given](const Command&) { return run_bench_sweep(*given); });
  return command;
}

}  // namespace experiments::cli
