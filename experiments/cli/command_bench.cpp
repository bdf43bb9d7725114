#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <stdexcept>
#include <string_view>

#include "experiments/bench/bench_roofline.h"
#include "experiments/bench/bench_scaling.h"
#include "experiments/bench/bench_sweep.h"
#include "experiments/cli/base_options.h"
#include "experiments/cli/commands.h"
#include "experiments/evidence/plain_table.h"
#include "experiments/harness/output.h"
#include "experiments/harness/timing.h"
#include "experiments/harness/worker_threads.h"
#include "experiments/report/figures.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

/// Written by the build from experiments/bench/roofline.gp (cmake/embed_text.cmake).
std::string_view roofline_script();

namespace {

struct BenchScalingOptions {
  std::vector<ScalingSweep> sweeps = scaling_sweeps();
  int steps = 9, threads = 1;
  std::filesystem::path csv;
  bool json = false;
};

ScalingSweep parse_sweep(const std::string& name) {
  std::vector<std::string> valid;
  for (const ScalingSweep& sweep : scaling_sweeps()) {
    if (sweep.what == name) return sweep;
    valid.push_back(sweep.what);
  }
  throw UsageError(fmt::format("--vary '{}'; valid are all, {}", name, fmt::join(valid, ", ")));
}

nn::Json scaling_json(const std::vector<Scaling>& all, int threads) {
  nn::Json sweeps = nn::Json::array();
  for (const Scaling& s : all) {
    nn::Json points = nn::Json::array();
    for (const ScalingPoint& p : s.points)
      points.push_back({{"x", nn::number_json(p.x)},
                        {"ms", nn::number_json(p.ms)},
                        {"bytes", nn::number_json(p.bytes)}});
    sweeps.push_back({{"what", s.what},
                      {"time_exponent", nn::number_json(s.time_exponent)},
                      {"memory_exponent", nn::number_json(s.memory_exponent)},
                      {"points", points}});
  }
  return {{"threads", threads}, {"sweeps", sweeps}};
}

int run_bench_scaling(const BenchScalingOptions& given) {
  if (!given.csv.empty()) {
    refuse_to_replace("--csv", given.csv);
    nn::check_writable(given.csv, 4096);
  }
  std::vector<Scaling> all;
  for (const ScalingSweep& sweep : given.sweeps) {
    print_err("timing steps against {} ...\n", sweep.what);
    all.push_back(measure(sweep, given.threads, given.steps));
  }
  if (!given.csv.empty()) nn::write_file_atomically(given.csv, scaling_csv(all));
  if (given.json)
    print_out("{}", json_line(scaling_json(all, given.threads)));
  else
    print_out(
        "Time and memory of a LoRA step, {} thread(s), from the smallest to the largest\n\n{}",
        given.threads, scaling_table(all));
  return 0;
}

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
    print_out("{} cells of Table 6 at a tenth of their steps in each sweep\n\n{}", timing.cells,
              console_table(table));
  return 0;
}

struct BenchRooflineOptions {
  std::filesystem::path out;
  int threads = 1;
};

int run_bench_roofline(const BenchRooflineOptions& given) {
  require_gnuplot();
  const std::filesystem::path& folder = given.out;
  nn::check_writable(folder / "roofline.csv", 4096);
  const std::string csv = roofline_csv(measure_roofline(given.threads));
  nn::create_folders(folder);
  nn::write_file_atomically(folder / "roofline.csv", csv);
  const Drawing drawing = draw_figure("roofline", roofline_script(), folder);
  if (!drawing.problem.empty()) throw std::runtime_error(drawing.problem);
  print_out("{}\n{}\n", (folder / "roofline.csv").string(), (folder / "roofline.svg").string());
  return 0;
}

Command bench_scaling_command() {
  auto given = std::make_shared<BenchScalingOptions>();
  Command command("scaling", "how time and memory of a step grow with each size");
  command.option("--vary",
                 some_of<ScalingSweep>(given->sweeps, scaling_sweeps(), parse_sweep, "all"),
                 "all, or of d, L, T, B, r, matrices, as d,T");
  command.option("--steps", whole(given->steps, 1, 100'000), "timed steps for each point");
  add_threads_option(command, given->threads);
  command.option("--csv", path_value(given->csv), "a file for all points");
  add_json_option(command, given->json);
  command.action([given](const Command&) { return run_bench_scaling(*given); });
  return command;
}

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

Command bench_roofline_command() {
  auto given = std::make_shared<BenchRooflineOptions>();
  Command command("roofline", "draw the speed of kernels under the peak and the bandwidth");
  command.required("--out", path_value(given->out), "a folder for roofline.csv and roofline.svg");
  add_threads_option(command, given->threads);
  command.action([given](const Command&) { return run_bench_roofline(*given); });
  return command;
}

}  // namespace

Command bench_command() {
  return Command("bench", "how fast a training step, its parts and a sweep are",
                 {bench_step_command(), bench_gemm_command(), bench_ops_command(),
                  bench_scaling_command(), bench_sweep_command(), bench_roofline_command(),
                  bench_tokenize_command(), bench_model_command()});
}

}  // namespace experiments::cli
