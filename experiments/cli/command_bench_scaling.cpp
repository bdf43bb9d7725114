#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "experiments/bench/bench_scaling.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/output.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

struct BenchScalingOptions {
  std::vector<ScalingSweep> sweeps = scaling_sweeps();
  int steps = 9, threads = 1;
  std::filesystem::path csv;
  bool json = false;
};

std::vector<ScalingSweep> parse_sweeps(const std::string& option, const std::string& text) {
  const std::vector<ScalingSweep> all = scaling_sweeps();
  if (text == "all") return all;
  std::vector<ScalingSweep> chosen;
  std::vector<std::string> valid;
  for (const ScalingSweep& sweep : all) valid.push_back(sweep.what);
  for (const std::string& name : split_at_commas(text)) {
    const auto found = std::find(valid.begin(), valid.end(), name);
    if (found == valid.end())
      throw UsageError(
          fmt::format("{} '{}'; valid are all, {}", option, name, fmt::join(valid, ", ")));
    for (const ScalingSweep& before : chosen)
      if (before.what == name) throw UsageError(fmt::format("{} names '{}' twice", option, name));
    chosen.push_back(all[static_cast<std::size_t>(found - valid.begin())]);
  }
  return chosen;
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

}  // namespace

Command bench_scaling_command() {
  auto given = std::make_shared<BenchScalingOptions>();
  Command command("scaling", "how time and memory of a step grow with each size");
  const auto read = [given = given.get()](const std::string& option, const std::string& text) {
    given->sweeps = parse_sweeps(option, text);
  };
  command.option("--vary", {"LIST", read, "all"}, "all, or of d, L, T, B, r, matrices, as d,T");
  command.option("--steps", whole(given->steps, 1, most_steps), "timed steps for each point");
  add_threads_option(command, given->threads);
  command.option("--csv", path_value(given->csv), "a file for all points");
  add_json_option(command, given->json);
  command.action([given](const Command&) { return run_bench_scaling(*given); });
  return command;
}

}  // namespace experiments::cli
