#include <fmt/format.h>

#include <memory>

#include "experiments/bench/bench_gemm.h"
#include "experiments/bench/bench_peak.h"
#include "experiments/cli/bench_commands.h"
#include "experiments/evidence/plain_table.h"
#include "experiments/harness/output.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

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

}  // namespace

Command bench_gemm_command() {
  auto given = std::make_shared<BenchGemmOptions>();
  Command command("gemm", "time the matrix products of a training step, by whom there is");
  add_config_option(command, given->shape);
  add_threads_option(command, given->threads);
  add_json_option(command, given->json);
  command.action([given](const Command&) { return run_bench_gemm(*given); });
  return command;
}

}  // namespace experiments::cli
