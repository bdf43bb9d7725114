#include <fmt/format.h>

#include <memory>

#include "experiments/bench/bench_sweep.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/evidence/json_object.h"
#include "experiments/evidence/plain_table.h"
#include "experiments/harness/output.h"
#include "experiments/harness/timing.h"

namespace experiments::cli {

namespace {

struct BenchSweepOptions {
  std::string tasks = "nli", jobs = "2", pairs = "3", base_steps = "600";
  bool json = false;
};

int run_bench_sweep(const BenchSweepOptions& given) {
  SweepBench bench;
  bench.grid.seeds = 1;
  bench.grid.tasks = parse_tasks(given.tasks);
  bench.grid.base_steps = parse_integer("--base-steps", given.base_steps, 1, most_base_steps);
  bench.jobs = static_cast<int>(parse_integer("--jobs", given.jobs, 2, 1024));
  bench.pairs = static_cast<int>(parse_integer("--pairs", given.pairs, 1, 100));
  const SweepTiming timing = time_sweeps(bench);
  std::vector<double> one, many, ratios;
  std::vector<JsonObject> pairs;
  const std::string at_a_time = fmt::format("{} jobs", bench.jobs);
  PlainTable table{{"cells per minute", "1 job", at_a_time, "ratio"}};
  const auto add_row = [&](const std::string& what, double a, double b, double ratio) {
    table.push_back(
        {what, fmt::format("{:.1f}", a), fmt::format("{:.1f}", b), fmt::format("{:.2f}", ratio)});
  };
  for (const SweepPair& pair : timing.pairs) {
    one.push_back(pair.one), many.push_back(pair.many), ratios.push_back(pair.ratio());
    JsonObject& object = pairs.emplace_back();
    object.set("one", pair.one);
    object.set("many", pair.many);
    object.set("ratio", pair.ratio());
    add_row(fmt::format("pair {}", pairs.size()), pair.one, pair.many, pair.ratio());
  }
  add_row("median", quantile(one, 0.5), quantile(many, 0.5), quantile(ratios, 0.5));
  if (given.json) {
    JsonObject object;
    object.set("cells", timing.cells);
    object.set("jobs", bench.jobs);
    object.set("one", quantile(one, 0.5));
    object.set("many", quantile(many, 0.5));
    object.set("ratio", quantile(ratios, 0.5));
    object.set("pairs", pairs);
    print_out("{}", object.printed());
  } else {
    print_out("{} cells of Table 6's smoke preset in each sweep\n\n{}", timing.cells,
              console_table(table));
  }
  return 0;
}

}  // namespace

Command bench_sweep_command() {
  auto given = std::make_shared<BenchSweepOptions>();
  Command command("sweep", "cells per minute for one job and for several");
  command.option("--tasks", given->tasks, task_list_help());
  command.option("--jobs", given->jobs, "cells at a time, compared with one");
  command.option("--pairs", given->pairs, "how often both are timed, in turn");
  command.option("--base-steps", given->base_steps, "of the base that the cells adapt");
  command.flag("--json", given->json, "print one JSON object");
  command.action([given](const Command&) { return run_bench_sweep(*given); });
  return command;
}

}  // namespace experiments::cli
