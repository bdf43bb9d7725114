#include <fmt/format.h>

#include <memory>

#include "autograd/gemm.h"
#include "experiments/bench/bench_gemm.h"
#include "experiments/bench/bench_ops.h"
#include "experiments/bench/bench_peak.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/evidence/plain_table.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"

/// A training step, its matrix products and its operations.
namespace experiments::cli {

namespace {

BenchShape parse_config(const std::string& name) {
  for (const BenchShape& shape : bench_shapes())
    if (shape.name == name) return shape;
  throw UsageError(fmt::format("unknown config '{}'; valid are toy, small, mid, gpt2", name));
}

void add_config_option(Command& command, BenchShape& shape) {
  command.option("--config", named<BenchShape>(shape, parse_config, shape.name),
                 "toy, small, mid or gpt2");
}

// Which program this is: its products make most of its speed.
std::string engine() {
  return autograd::gemm_name == std::string("tiles")
             ? "lowrank"
             : fmt::format("lowrank, products by {}", autograd::gemm_name);
}

struct BenchStepOptions {
  StepBench bench{.shape = bench_shapes().front()};
  std::optional<int> steps;
  bool json = false;

  const char* mode() const { return bench.lora ? "lora" : "full"; }
};

bool parse_is_lora(const std::string& mode) {
  if (mode != "lora" && mode != "full")
    throw UsageError(fmt::format("unknown mode '{}'; valid are full, lora", mode));
  return mode == "lora";
}

int run_bench_step(const Command& command, const BenchStepOptions& given) {
  StepBench bench = given.bench;
  bench.steps = given.steps.value_or(bench.steps);
  if (!bench.lora) refuse_options(command, {"--rank"}, "with --mode full");
  const StepTiming t = time_step(bench);
  if (given.json) {
    print_out("{}", json_line({{"engine", engine()},
                               {"config", bench.shape.name},
                               {"mode", given.mode()},
                               {"threads", bench.threads},
                               {"median_ms", nn::number_json(t.median_ms)},
                               {"min_ms", nn::number_json(t.min_ms)},
                               {"tokens_per_s", nn::number_json(t.tokens_per_s)},
                               {"trainable", t.trainable},
                               {"gflops", nn::number_json(t.gflops)},
                               {"peak_fraction", nn::number_json(t.peak_fraction)},
                               {"allocations", t.allocations},
                               {"tape_bytes", t.tape_bytes},
                               {"loss", nn::number_json(t.loss)}}));
    return 0;
  }
  print_out(
      "{} {}, {} thread(s): {:.3f} ms a step (median; fastest {:.3f}), {:.0f} tokens a second\n"
      "products by {}: {:.0f} GFLOP/s over the whole step, {:.0f} % of the peak\n"
      "{} trainable parameters; {} tensors allocated after the first step; tape {:.1f} MB\n",
      bench.shape.name, given.mode(), bench.threads, t.median_ms, t.min_ms, t.tokens_per_s,
      autograd::gemm_name, t.gflops, 100 * t.peak_fraction, t.trainable, t.allocations,
      static_cast<double>(t.tape_bytes) / 1e6);
  return 0;
}

struct BenchGemmOptions {
  BenchShape shape = bench_shapes().front();
  int threads = 1;
  bool json = false;
};

int run_bench_gemm(const BenchGemmOptions& given) {
  const auto& [shape, threads, json] = given;
  use_threads(threads);
  const double peak = fma_peak_gflops(threads);
  nn::Json rows = nn::Json::array();
  PlainTable table{{"", "by", "M", "N", "K", "a b", "a bT", "aT b"}};
  for (const Product& p : products_of_step(shape))
    for (const std::string& engine : gemm_engines()) {
      rows.push_back({{"what", p.what}, {"engine", engine}, {"M", p.M}, {"N", p.N}, {"K", p.K}});
      table.push_back(
          {p.what, engine, std::to_string(p.M), std::to_string(p.N), std::to_string(p.K)});
      for (const auto& [name, form] :
           {std::pair{"nn", Form::nn}, {"nt", Form::nt}, {"tn", Form::tn}}) {
        const double speed = gemm_speed(p, form, engine);
        rows.back()[name] = nn::number_json(speed);
        table.back().push_back(fmt::format("{:.0f}", speed));
      }
    }
  if (json)
    print_out("{}", json_line({{"config", shape.name},
                               {"threads", threads},
                               {"peak", nn::number_json(peak)},
                               {"products", rows}}));
  else
    print_out("Products of a {} step in GFLOP/s, {} thread(s); the peak is {:.0f}\n\n{}",
              shape.name, threads, peak, console_table(table));
  return 0;
}

Value filter_value(std::vector<std::string>& names) {
  return {"TEXT", [&names](const std::string& option, const std::string& text) {
            try {
              names = matching_benchmarks(text);
            } catch (const std::invalid_argument& error) {
              throw UsageError(option + " " + error.what());
            }
          }};
}

}  // namespace

Command bench_step_command() {
  auto given = std::make_shared<BenchStepOptions>();
  Command command("step", "time training steps");
  StepBench& bench = given->bench;
  add_config_option(command, bench.shape);
  command.option("--mode", named<bool>(bench.lora, parse_is_lora, given->mode()), "full or lora");
  command.option("--rank", whole(bench.rank, 1, [&bench] { return bench.shape.C; }),
                 "of LoRA on q and v");
  add_threads_option(command, bench.threads);
  command.option("--steps", whole(given->steps, 1, 100'000),
                 "timed steps; more for smaller configs by default");
  add_json_option(command, given->json);
  command.action([given](const Command& self) { return run_bench_step(self, *given); });
  return command;
}

Command bench_gemm_command() {
  auto given = std::make_shared<BenchGemmOptions>();
  Command command("gemm", "time the matrix products of a training step, by whom there is");
  add_config_option(command, given->shape);
  add_threads_option(command, given->threads);
  add_json_option(command, given->json);
  command.action([given](const Command&) { return run_bench_gemm(*given); });
  return command;
}

Command bench_ops_command() {
  auto bench = std::make_shared<OpsBench>();
  bench->names = op_benchmarks();
  Command command("ops", "time every operation forward and backward (Google Benchmark)");
  command.option("--filter", filter_value(bench->names),
                 "a regular expression, as gelu/small or backward");
  command.option("--min-time", positive(bench->min_time), "seconds for each, at least");
  add_threads_option(command, bench->threads);
  command.flag("--json", bench->json, "Google Benchmark's JSON");
  command.action([bench](const Command&) {
    time_ops(*bench);
    return 0;
  });
  return command;
}

}  // namespace experiments::cli
