#include "experiments/bench/bench_scaling.h"

#include <fmt/format.h>

#include <functional>

#include "experiments/evidence/plain_table.h"
#include "experiments/evidence/statistics.h"

namespace experiments::bench {

StepBench scaling_start() {
  return {
      .shape = {.name = "scaling", .V = 128, .T = 64, .C = 128, .layers = 4, .heads = 4, .B = 16}};
}

std::vector<ScalingSweep> scaling_sweeps() {
  const auto sweep = [](const char* what, const std::vector<nn::Index>& values,
                        const std::function<void(StepBench&, nn::Index)>& set) {
    ScalingSweep result{what, {}};
    for (const nn::Index value : values) {
      result.x.push_back(static_cast<double>(value));
      set(result.steps.emplace_back(scaling_start()), value);
    }
    return result;
  };
  const auto width = [](StepBench& s, nn::Index d) { s.shape.C = d, s.shape.heads = d / 32; };
  std::vector<ScalingSweep> all{
      sweep("d", {64, 128, 256, 512}, width),
      sweep("L", {1, 2, 4, 8}, [](StepBench& s, nn::Index L) { s.shape.layers = L; }),
      sweep("T", {32, 64, 128, 256}, [](StepBench& s, nn::Index T) { s.shape.T = T; }),
      sweep("B", {4, 8, 16, 32}, [](StepBench& s, nn::Index B) { s.shape.B = B; }),
      sweep("r", {1, 4, 16, 64}, [](StepBench& s, nn::Index r) { s.rank = r; })};
  ScalingSweep matrices{"matrices", {}};
  for (const std::vector<std::string>& targets : {std::vector<std::string>{"q"},
                                                  {"q", "v"},
                                                  {"q", "k", "v", "o"},
                                                  {"q", "k", "v", "o", "up", "down"}}) {
    StepBench& step = matrices.steps.emplace_back(scaling_start());
    step.targets = targets;
    matrices.x.push_back(static_cast<double>(targets.size()) *
                         static_cast<double>(step.shape.layers));
  }
  all.push_back(matrices);
  return all;
}

Scaling measure(const ScalingSweep& sweep, int threads, int steps) {
  Scaling result{sweep.what, {}};
  std::vector<double> ms, bytes;
  for (std::size_t i = 0; i < sweep.x.size(); ++i) {
    StepBench step = sweep.steps[i];
    step.threads = threads;
    step.steps = steps;
    const StepTiming t = time_step(step);
    ms.push_back(t.median_ms);
    bytes.push_back(static_cast<double>(t.tape_bytes + t.state_bytes));
    result.points.push_back({sweep.x[i], ms.back(), bytes.back()});
  }
  result.time_exponent = fitted_exponent(sweep.x, ms);
  result.memory_exponent = fitted_exponent(sweep.x, bytes);
  return result;
}

std::string scaling_csv(const std::vector<Scaling>& all) {
  std::string text = "what,x,ms,bytes,time_exponent,memory_exponent\n";
  for (const Scaling& s : all)
    for (const ScalingPoint& p : s.points)
      text += fmt::format("{},{},{:.6g},{},{:.4f},{:.4f}\n", s.what, p.x, p.ms, p.bytes,
                          s.time_exponent, s.memory_exponent);
  return text;
}

std::string scaling_table(const std::vector<Scaling>& all) {
  PlainTable table{{"", "from", "to", "ms", "ms", "exponent", "MB", "MB", "exponent"}};
  for (const Scaling& s : all) {
    const ScalingPoint &first = s.points.front(), &last = s.points.back();
    table.push_back(
        {s.what, fmt::format("{}", first.x), fmt::format("{}", last.x),
         fmt::format("{:.2f}", first.ms), fmt::format("{:.2f}", last.ms),
         fmt::format("{:.2f}", s.time_exponent), fmt::format("{:.2f}", first.bytes / 1e6),
         fmt::format("{:.2f}", last.bytes / 1e6), fmt::format("{:.2f}", s.memory_exponent)});
  }
  return console_table(table);
}

}  // namespace experiments::bench
