#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "experiments/bench/bench_scaling.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/evidence/json_object.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/output.h"
#include "nn/files/file.h"

namespace experiments::cli {

namespace {

struct BenchScalingOptions {
  std::string vary = "all", steps = "9", threads = "1", csv;
  bool json = false;
};

std::vector<ScalingSweep> parse_sweeps(const std::string& text) {
  const std::vector<ScalingSweep> all = scaling_sweeps();
  if (text == "all") return all;
  std::vector<ScalingSweep> chosen;
  std::vector<std::string> valid;
  for (const ScalingSweep& sweep : all) valid.push_back(sweep.what);
  for (const std::string& name : split_at_commas(text)) {
    const auto found = std::find(valid.begin(), valid.end(), name);
    if (found == valid.end())
      throw UsageError(fmt::format("--vary '{}'; valid are all, {}", name, fmt::join(valid, ", ")));
    for (const ScalingSweep& before : chosen)
      if (before.what == name) throw UsageError(fmt::format("--vary names '{}' twice", name));
    chosen.push_back(all[static_cast<std::size_t>(found - valid.begin())]);
  }
  return chosen;
}

std::string as_json(const std::vector<Scaling>& all, int threads) {
  std::vector<JsonObject> sweeps;
  for (const Scaling& s : all) {
    JsonObject sweep;
    sweep.set("what", s.what);
    sweep.set("time_exponent", s.time_exponent);
    sweep.set("memory_exponent", s.memory_exponent);
    std::vector<JsonObject> points;
    for (const ScalingPoint& p : s.points) {
      JsonObject& point = points.emplace_back();
      point.set("x", p.x);
      point.set("ms", p.ms);
      point.set("bytes", p.bytes);
    }
    sweep.set("points", points);
    sweeps.push_back(sweep);
  }
  JsonObject object;
  object.set("threads", threads);
  object.set("sweeps", sweeps);
  return object.printed();
}

int run_bench_scaling(const Command& command, const BenchScalingOptions& given) {
  const std::vector<ScalingSweep> sweeps = parse_sweeps(given.vary);
  const int steps = static_cast<int>(parse_integer("--steps", given.steps, 1, most_steps));
  const int threads = parse_threads(given.threads);
  if (command.given("--csv")) {
    refuse_to_replace("--csv", given.csv);
    nn::check_writable(given.csv, 4096);
  }
  std::vector<Scaling> all;
  for (const ScalingSweep& sweep : sweeps) {
    print_err("timing steps against {} ...\n", sweep.what);
    all.push_back(measure(sweep, threads, steps));
  }
  if (command.given("--csv")) nn::write_file_atomically(given.csv, scaling_csv(all));
  if (given.json)
    print_out("{}", as_json(all, threads));
  else
    print_out(
        "Time and memory of a LoRA step, {} thread(s), from the smallest to the largest\n\n{}",
        threads, scaling_table(all));
  return 0;
}

}  // namespace

Command bench_scaling_command() {
  auto given = std::make_shared<BenchScalingOptions>();
  Command command("scaling", "how time and memory of a step grow with each size");
  command.option("--vary", given->vary, "all, or of d, L, T, B, r, matrices, as d,T");
  command.option("--steps", given->steps, "timed steps for each point");
  command.option("--threads", given->threads, "threads");
  command.option("--csv", given->csv, "a file for all points");
  command.flag("--json", given->json, "print one JSON object");
  command.action([given](const Command& self) { return run_bench_scaling(self, *given); });
  return command;
}

}  // namespace experiments::cli
