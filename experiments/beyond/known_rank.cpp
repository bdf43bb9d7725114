#include "experiments/beyond/known_rank.h"

#include <limits>

#include "experiments/harness/worker_threads.h"
#include "lora/analysis/subspace.h"

namespace experiments::beyond {

KnownRankOptions known_rank_preset(Preset preset) {
  KnownRankOptions options;
  if (preset == Preset::smoke) {
    options.student.steps = 150;
    options.steps_of_others = 60;
    options.ranks = {1, 4};
  }
  return options;
}

namespace {

Overlap overlap(const lora::MatrixXd& found, const lora::MatrixXd& planted) {
  const lora::Index r = planted.cols();
  return {lora::similarity(found.leftCols(r), planted),
          lora::chance_similarity(r, r, planted.rows())};
}

Recovery recovery(const std::string& name, const lora::LoraLinear& layer, const lora::MatrixXd& C,
                  const lora::Svd* planted, double left, const RankRule& rule,
                  const std::optional<LadderBias>& bias) {
  const lora::MatrixXd root = lora::square_root(C), W = layer.w0().m.cast<double>();
  const lora::Svd change = lora::delta_svd(layer);
  const lora::Svd whitened = lora::whitened_delta_svd(layer, root);
  Recovery found;
  found.name = name;
  found.sigma = change.sigma;
  found.whitened = whitened.sigma;
  found.inputs = lora::svd(root).sigma;
  found.estimated = read_rank(whitened.sigma, lora::product(W, root).norm(), left, rule);
  if (const int rank = found.estimated.rank.value_or(0); rank > 0) {
    found.student_ladder = ladder(W, change, rank);
    if (bias) found.amplification = amplification_interval(*found.student_ladder, rank, *bias);
  }
  if (planted == nullptr) return found;

  const lora::Index r = planted->sigma.size();
  const lora::Svd planted_whitened = lora::svd(lora::product(lora::truncated(*planted, r), root));
  found.true_rank = static_cast<int>(r);
  found.true_sigma = planted->sigma;
  found.true_whitened = planted_whitened.sigma.head(r);
  found.true_ladder = ladder(W, *planted, r);
  if (r > change.sigma.size())
    return found;  // a student of a lower rank has not as many directions
  found.left = overlap(change.U, planted->U);
  found.right = overlap(change.V, planted->V);
  found.right_whitened = overlap(whitened.V, planted_whitened.V.leftCols(r));
  return found;
}

}  // namespace

KnownRankResult known_rank(const Base& base, const KnownRankOptions& options,
                           const std::atomic<bool>& stop) {
  const auto teacher = copy_of(*base.model);
  const auto planted = plant(*teacher, options.teacher);

  // The analysed student first: it takes as long as any and the others fill in beside it.
  std::vector<StudentOptions> wanted{options.student};
  wanted[0].targets = student_targets(*teacher, options.teacher.place);
  if (options.teacher.place == Place::mlp && !planted.empty()) {
    wanted.push_back(wanted[0]);
    wanted.back().targets = {planted.begin()->first};
  }
  const std::size_t first_of_others = wanted.size();
  for (const int rank : options.ranks) {
    wanted.push_back(wanted[0]);
    wanted.back().rank = rank;
    wanted.back().steps = options.steps_of_others;
  }
  std::vector<Student> students(wanted.size());
  side_by_side(wanted.size(), options.jobs, [&](std::size_t i) {
    students[i] = train_student(copy_of(*base.model), *teacher, wanted[i], stop);
  });

  KnownRankResult result;
  result.options = options;
  result.base_seed = base.config.seed;
  const auto loss = [&](std::size_t i) {
    return StudentLoss{wanted[i].rank, students[i].start, students[i].kl};
  };
  result.analysed = loss(0);
  if (first_of_others == 2) result.placed = loss(1);
  for (std::size_t i = first_of_others; i < wanted.size(); ++i) result.losses.push_back(loss(i));

  const auto C = student_moments(*copy_of(*base.model), options.student);
  for (const auto& [name, layer] : lora::lora_layers(*students[0].model)) {
    const auto truth = planted.find(name);
    result.matrices.push_back(
        recovery(name, *layer, C.at(name), truth == planted.end() ? nullptr : &truth->second,
                 result.analysed.left(), options.rule, calibrated_bias(options, base.config)));
  }
  return result;
}

double StudentLoss::left() const {
  if (start > 0) return end / start;
  return end > 0 ? std::numeric_limits<double>::infinity() : 0;
}

RankReading KnownRankResult::estimated_rank() const {
  double largest = 0;
  RankReading reading{0};
  for (const Recovery& matrix : matrices)
    if (matrix.estimated.rank != 0 && matrix.whitened.norm() > largest) {
      largest = matrix.whitened.norm();
      reading = matrix.estimated;
    }
  return reading;
}

std::optional<int> KnownRankResult::knee() const {
  for (const StudentLoss& loss : losses) {
    if (loss.start == 0) return 0;
    if (loss.end <= options.knee_level * loss.start) return loss.rank;
  }
  return std::nullopt;
}

}  // namespace experiments::beyond
