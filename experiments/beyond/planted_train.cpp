#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/beyond/known_rank.h"
#include "experiments/beyond/planted.h"
#include "experiments/evidence/text.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"

namespace experiments::beyond::planted {
namespace {

constexpr int small_rank = 8, large_rank = 16;

StudentOptions student_of(const Cell& cell, nn::Module& model) {
  StudentOptions student;
  student.rank = cell.rank;
  student.alpha = cell.alpha;
  student.steps = cell.steps;
  student.lr = cell.lr;
  student.seed = cell.seed;
  student.targets = projections_named(model, cell.targets);
  return student;
}

std::map<std::string, lora::Svd> plant_in(nn::Module& model, const Cell& cell) {
  TeacherSpec spec;
  spec.rho = 0.1;
  spec.align = Align::middle;
  spec.seed = cell.seed;
  std::map<std::string, int> ranks;
  for (const std::string& name : projections_named(model, places_of(cell))) ranks[name] = cell.size;
  return plant(model, spec, ranks);
}

// How W is met by the first k directions of a change.
lora::Amplification amplification(const lora::MatrixXd& W, const lora::VectorXd& sigma_of_w,
                                  const lora::Svd& change, lora::Index k) {
  lora::Amplification a;
  a.r = k;
  a.delta_norm = change.sigma.norm();
  a.in_delta = lora::projected_norm(W, change.U.leftCols(k), change.V.leftCols(k));
  a.in_w = sigma_of_w.head(k).norm();
  a.expected_random = lora::expected_random_norm(W, k);
  return a;
}

// Of φ of the first k columns of U with the first n of V, what is above chance.
double above_chance(const lora::MatrixXd& U, lora::Index k, const lora::MatrixXd& V,
                    lora::Index n) {
  return lora::corrected(lora::similarity(U.leftCols(k), V.leftCols(n)), k, n, U.rows());
}

using Layers = std::map<std::string, lora::LoraLinear*>;

Layers layers_of(const Student& student) {
  Layers layers;
  for (const auto& [name, layer] : lora::lora_layers(*student.model)) layers[name] = layer;
  return layers;
}

using Moments = std::map<std::string, lora::MatrixXd>;

void compare_with_plant(const Layers& layers, const std::map<std::string, lora::Svd>& planted,
                        const Moments& C, CellResult& result) {
  for (const auto& [name, truth] : planted) {
    const auto layer = layers.find(name);
    if (layer == layers.end()) continue;
    const lora::MatrixXd W = layer->second->w0().m.cast<double>();
    const lora::VectorXd sigma_of_w = lora::svd(W).sigma;
    const lora::Svd change = lora::delta_svd(*layer->second);
    const lora::Index n = truth.sigma.size(), k = std::min(n, change.sigma.size());
    const lora::Amplification found = amplification(W, sigma_of_w, change, k);
    const lora::Amplification true_one = amplification(W, sigma_of_w, truth, n);
    const auto set = [&, at = "." + name](const char* what, double value) {
      result.more[what + at] = value;
    };
    set("phi_true", above_chance(change.V, k, truth.V, n));
    const lora::MatrixXd root = lora::square_root(C.at(name));
    set("phi_seen", above_chance(lora::whitened_delta_svd(*layer->second, root).V, k,
                                 lora::svd_of_product(truth.U * truth.sigma.asDiagonal(),
                                                      lora::product_tn(truth.V, root))
                                     .V,
                                 n));
    set("log_position", found.log_position());
    set("log_position_true", true_one.log_position());
    set("log_position_off", std::abs(found.log_position() - true_one.log_position()));
    set("factor", found.factor());
    set("factor_true", true_one.factor());
    set("size", change.sigma.norm() / W.norm());
  }
}

void compare_ranks(const Layers& few, const Layers& many, lora::Index true_rank,
                   CellResult& result) {
  for (const auto& [name, layer] : many) {
    const lora::MatrixXd U = lora::delta_svd(*few.at(name)).V, V = lora::delta_svd(*layer).V;
    result.more["phi_ranks." + name] = above_chance(U, true_rank, V, true_rank);
    result.more["phi_first." + name] = above_chance(U, 1, V, 1);
  }
}

}  // namespace

std::vector<std::string> places_of(const Cell& cell) {
  return split_at_commas(cell.task.substr(cell.task.rfind(' ') + 1));
}

CellResult train(const Lab& lab, const Cell& cell, const std::atomic<bool>& stop) {
  const Base& base = lab.bases.of(cell);
  const auto teacher = copy_of(*base.model);
  const auto planted = plant_in(*teacher, cell);
  StudentOptions options = student_of(cell, *teacher);
  const Student student = train_student(copy_of(*base.model), *teacher, options, stop);

  CellResult result;
  result.cell = cell;
  result.metric = "gap_closed";
  result.value = std::clamp(1 - student.kl / student.start, 0.0, 1.0);
  result.nll = student.kl;
  result.trainable = nn::count(nn::trainable_parameters(*student.model));
  result.more["kl_start"] = student.start;
  const Layers layers = layers_of(student);
  compare_with_plant(layers, planted, student_moments(*copy_of(*base.model), options), result);
  if (cell.rank == large_rank && weight_set(cell.targets) == "q,v" && cell.task == in_q_and_v) {
    options.rank = small_rank;
    const Student smaller = train_student(copy_of(*base.model), *teacher, options, stop);
    compare_ranks(layers_of(smaller), layers, cell.size, result);
  }
  return result;
}

Measured over_matrices(const std::string& name) {
  return [start = name + "."](const CellResult& result) {
    std::vector<double> values;
    for (const auto& [what, value] : result.more)
      if (what.starts_with(start)) values.push_back(value);
    return mean(values);
  };
}

}  // namespace experiments::beyond::planted
