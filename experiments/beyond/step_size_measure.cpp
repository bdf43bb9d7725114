#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/beyond/step_size.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"
#include "lora/inject.h"

namespace experiments::beyond::step_size {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void add(CellResult& result, const std::string& name, const std::map<std::string, double>& found) {
  for (const auto& [what, value] : found) result.more[what + "." + name] = value;
}

double second(const lora::Svd& delta) { return delta.sigma(1) / delta.sigma(0); }

}  // namespace

void measure_amplification(nn::Module& trained, CellResult& result) {
  for (const auto& [name, layer] : lora::lora_layers(trained)) {
    std::map<std::string, double> found{
        {"relative", nan}, {"factor", nan}, {"over_random", nan}, {"position", nan}};
    if (layer->delta().allFinite()) {
      const lora::MatrixXd W = layer->w0().m.cast<double>();
      const nn::Random random(result.cell.seed, "step_size." + name);  // its level has a formula
      const lora::Amplification a = lora::amplification(W, lora::svd(W), lora::delta_svd(*layer),
                                                        layer->spec.rank, random, /*draws=*/2);
      found = {{"relative", a.delta_norm / a.w_norm},
               {"factor", a.factor()},
               {"over_random", a.over_random()},
               {"position", a.log_position()}};
    }
    add(result, name, found);
  }
}

void measure_agreement(nn::Module& of_fewer, nn::Module& of_more, CellResult& result) {
  const auto layers = lora::lora_layers(of_more);
  const auto others = lora::lora_layers(of_fewer);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::map<std::string, double> found{{"top", nan}, {"second", nan}, {"cosine", nan}};
    if (layers[i].second->delta().allFinite() && others.at(i).second->delta().allFinite()) {
      const lora::Svd a = lora::delta_svd(*others[i].second),
                      b = lora::delta_svd(*layers[i].second);
      const double phi = lora::similarity(a.V.leftCols(1), b.V.leftCols(1));
      found = {{"top", lora::corrected(phi, 1, 1, a.V.rows())},
               {"second", std::max(second(a), second(b))},
               {"cosine", std::pow(lora::largest_cosine(a.V, b.V), 2)}};
    }
    add(result, layers[i].first, found);
  }
}

CellResult train_and_measure(const Base& base, const Cell& cell, const std::atomic<bool>& stop) {
  if (cell.rank != more) return run_cell(base, cell, ScoreOn::test, stop, measure_amplification);
  Cell other = cell;
  other.rank = fewer;
  CellResult result;
  run_cell(base, other, ScoreOn::test, stop, [&](nn::Model& of_fewer, CellResult&) {
    result = run_cell(base, cell, ScoreOn::test, stop, [&](nn::Model& of_more, CellResult& found) {
      measure_agreement(of_fewer, of_more, found);
    });
  });
  return result;
}

}  // namespace experiments::beyond::step_size
