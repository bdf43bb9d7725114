#include "experiments/bench/bench_roofline.h"

#include <fmt/format.h>

#include "autograd/kernels.h"
#include "experiments/bench/bench_gemm.h"
#include "experiments/bench/bench_peak.h"
#include "experiments/harness/timing.h"

namespace experiments::bench {

namespace {

// What moves more than it computes, on (M,C) of a configuration.
void add_sums(const BenchShape& s, std::vector<RooflineRow>& rows) {
  namespace kernels = autograd::kernels;
  nn::Random random(0, "bench.roofline");
  const nn::Matrix x = random.uniform({s.B * s.T, s.C}, -1, 1).m;
  nn::Matrix z = x, sums = nn::Matrix::Zero(1, s.C);
  const auto n = static_cast<double>(x.size());
  // One addition for each element; moved are z, x and z again, or x alone.
  rows.push_back({"sum", s.name, "x + z", 1.0 / 12, best_gflops(n, [&] {
                    kernels::add(x, {z, false});
                  })});
  rows.push_back({"sum", s.name, "column sums", 1.0 / 4, best_gflops(n, [&] {
                    kernels::add_column_sums(x, {sums, false});
                  })});
}

}  // namespace

std::vector<RooflineRow> measure_roofline(int threads) {
  use_threads(threads);
  constexpr std::size_t half_of_l2 = 512u << 10, far_beyond_caches = 144u << 20;
  std::vector<RooflineRow> rows{
      {"peak", "-", "multiply-adds", 0, fma_peak_gflops(threads)},
      {"bandwidth", "-", "memory", 1, triad_gbytes_per_second(far_beyond_caches, threads)},
      {"bandwidth", "-", "L2", 1, triad_gbytes_per_second(half_of_l2, threads)}};
  for (const BenchShape& shape : bench_shapes()) {
    if (shape.name == "mid") continue;  // its points lie among the others
    for (const Product& p : products_of_step(shape))
      rows.push_back({"product", shape.name, p.what, p.intensity(),
                      gemm_speed(p, p.form, autograd::gemm_name)});
    add_sums(shape, rows);
  }
  return rows;
}

std::string roofline_csv(const std::vector<RooflineRow>& rows) {
  std::string text = "kind,config,what,flops_per_byte,gflops\n";
  for (const RooflineRow& row : rows)
    text += fmt::format("{},{},\"{}\",{:.5g},{:.5g}\n", row.kind, row.config, row.what,
                        row.intensity, row.gflops);
  return text;
}

}  // namespace experiments::bench
