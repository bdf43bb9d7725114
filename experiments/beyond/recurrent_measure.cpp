#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/beyond/recurrent.h"
#include "experiments/training/noise.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"
#include "lora/inject.h"
#include "nn/recurrent/recurrent.h"

namespace experiments::beyond::recurrent {
namespace {

// Some rows of a stacked weight: all, or those of a gate.
struct Part {
  std::string name;
  lora::Index first = 0, rows = 0;
};

std::vector<Part> parts_of(const std::string& architecture, lora::Index stacked) {
  const auto& gates = gates_of(architecture);
  const lora::Index H = stacked / std::ssize(gates);
  std::vector<Part> parts{{"all", 0, stacked}};
  for (const std::string& gate : gates) parts.push_back({gate, (std::ssize(parts) - 1) * H, H});
  return parts;
}

// ΔW of these rows: s B_part A, decomposed.
lora::Svd delta_of(const lora::LoraLinear& layer, const Part& part) {
  const lora::MatrixXd B = layer.B.value.m.cast<double>();
  return lora::svd_of_product(B.middleRows(part.first, part.rows), layer.A.value.m.cast<double>(),
                              layer.scale());
}

bool is_finite(const lora::LoraLinear& layer) {
  return layer.A.value.m.allFinite() && layer.B.value.m.allFinite();
}

// From noise where these rows' gradients and the inputs are, in the place of ΔW.
double of_noise(const lora::MatrixXd& W, const lora::MatrixXd& C, const lora::MatrixXd& G,
                lora::Index r, autograd::Random random) {
  constexpr int draws = 9;
  return noise_reading(W, noise_from_roots(lora::square_root(C), lora::factor_of(G), random, draws),
                       r)
      .in_delta;
}

using Set = std::function<void(const char* what, double value)>;

void compare_ranks(const lora::Svd& fewer, const lora::Svd& more, const Set& set) {
  const lora::Index d = more.V.rows(), r = fewer.V.cols(), R = more.V.cols();
  set("phi_first",
      lora::corrected(lora::similarity(fewer.V.leftCols(1), more.V.leftCols(1)), 1, 1, d));
  set("phi", lora::corrected(lora::similarity(fewer.V, more.V), r, R, d));
  set("cosine", std::pow(lora::largest_cosine(fewer.V, more.V), 2));
}

void compare_with_w(const lora::MatrixXd& W, const lora::Svd& delta, lora::Index r,
                    autograd::Random random, const Set& set) {
  const lora::Amplification a = lora::amplification(W, lora::svd(W), delta, r, random,
                                                    /*draws=*/2);  // its level has a formula
  set("size", a.delta_norm / a.w_norm);
  set("in_delta", a.in_delta);
  set("in_w", a.in_w);
  set("random", a.expected_random);
}

// The rank below the largest, which is the cell's; 0 where there is none, or the cell is another.
int rank_beside(const Lab& lab, const Cell& cell) {
  const std::vector<int> ranks = ranks_compared(lab.settings);
  const bool is_largest = ranks.size() == 2 && cell.rank == ranks.front();
  return is_largest && weight_set(cell.targets) == "ih,hh" ? ranks.back() : 0;
}

void measure_directions(const Base& base, nn::Model& of_fewer, nn::Model& of_more,
                        CellResult& result) {
  const Cell& cell = result.cell;
  const auto fewer = lora::lora_layers(of_fewer), more = lora::lora_layers(of_more);
  const Moments moments =
      moments_of(*copy_of(*base.model), data::parse_task(cell.task), task_options(cell));
  for (std::size_t i = 0; i < more.size(); ++i) {
    const auto& [name, layer] = more[i];
    if (!is_finite(*layer) || !is_finite(*fewer.at(i).second)) continue;
    const lora::MatrixXd W = layer->w0().m.cast<double>();
    const lora::MatrixXd &C = moments.inputs.at(name), &G = moments.gradients.at(name);
    const std::string slot = name.substr(name.rfind('.') + 1);
    const std::string weight = nn::pytorch_name(slot + ".weight");
    for (const Part& part : parts_of(cell.architecture, W.rows())) {
      const Set set = [&](const char* what, double value) {
        result.more[fmt::format("{}.{}.{}", what, weight, part.name)] = value;
      };
      const nn::Random random(cell.seed, fmt::format("recurrent.{}.{}", weight, part.name));
      const lora::MatrixXd W_part = W.middleRows(part.first, part.rows);
      const lora::Svd delta = delta_of(*layer, part);
      compare_ranks(delta_of(*fewer.at(i).second, part), delta, set);
      compare_with_w(W_part, delta, cell.rank, random, set);
      set("noise", of_noise(W_part, C, G.block(part.first, part.first, part.rows, part.rows),
                            cell.rank, random));
    }
  }
}

}  // namespace

void look(const Lab& lab, nn::Model& trained, CellResult& result) {
  const Cell& cell = result.cell;
  if (cell.method == "frozen")
    result.more["answers"] =
        held_out_match(trained, data::parse_base_task(cell.task), cell.base_seed);
  const int fewer = cell.method == "lora" ? rank_beside(lab, cell) : 0;
  if (fewer == 0) return;
  const Base& base = lab.bases.of(cell);
  Cell beside = cell;
  beside.rank = fewer;
  run_cell(base, beside, ScoreOn::test, never, [&](nn::Model& of_fewer, CellResult&) {
    measure_directions(base, of_fewer, trained, result);
  });
}

ByRepetition over_weights(const std::vector<CellResult>& results, const std::string& part,
                          const ReadPart& read) {
  std::map<Repetition, std::vector<double>> each;
  for (const CellResult& result : results)
    for (const auto& [name, value] : result.more) {
      const std::string start = "in_delta.";
      if (!name.starts_with(start) || !name.ends_with("." + part)) continue;
      const std::string place = name.substr(start.size());
      each[{result.cell.base_seed, result.cell.seed}].push_back(read([&](const char* what) {
        const auto found = result.more.find(fmt::format("{}.{}", what, place));
        return found == result.more.end() ? std::numeric_limits<double>::quiet_NaN()
                                          : found->second;
      }));
    }
  return means(each);
}

}  // namespace experiments::beyond::recurrent
