#include <fmt/format.h>

#include <cmath>

#include "experiments/known_rank.h"

namespace experiments {
namespace {

using Json = nlohmann::ordered_json;

Json number(double x) {
  if (std::isinf(x)) return "inf";
  if (std::isnan(x)) return "nan";
  return x;
}

Json numbers(const lora::VectorXd& x) { return std::vector<double>(x.begin(), x.end()); }

Json to_json(const StudentLoss& loss) {
  return {{"rank", loss.rank}, {"kl_start", number(loss.start)}, {"kl", number(loss.end)}};
}

Json to_json(const std::optional<Overlap>& overlap) {
  if (!overlap) return nullptr;
  return {{"phi", overlap->phi}, {"chance", overlap->chance}};
}

Json amplification(const Recovery& found) {
  Json object = {{"true", nullptr}, {"recovered", nullptr}, {"interval", nullptr}};
  if (found.true_ladder) {
    object["true"] = number(found.true_ladder->factor());
    object["true_over_random"] = found.true_ladder->over_random;
  }
  if (found.student_ladder) {
    object["recovered"] = number(found.student_ladder->factor());
    object["recovered_over_random"] = found.student_ladder->over_random;
    object["interval"] = {number(found.amplification.low), number(found.amplification.high)};
  }
  return object;
}

Json to_json(const Recovery& found) {
  return {{"name", found.name},
          {"true_rank", found.true_rank},
          {"estimated_rank", found.estimated_rank},
          {"true_spectrum", numbers(found.true_sigma)},
          {"recovered_spectrum", numbers(found.sigma)},
          {"true_spectrum_whitened", numbers(found.true_whitened)},
          {"recovered_spectrum_whitened", numbers(found.whitened)},
          {"phi_left", to_json(found.left)},
          {"phi_right", to_json(found.right)},
          {"phi_right_whitened", to_json(found.right_whitened)},
          {"amplification", amplification(found)}};
}

std::string row(const lora::VectorXd& x, lora::Index most = 10) {
  std::string text;
  for (lora::Index i = 0; i < std::min(most, x.size()); ++i) text += fmt::format(" {:6.3f}", x(i));
  return text + (x.size() > most ? " ..." : "");
}

std::string text_of(const Recovery& found) {
  std::string text = fmt::format("\n{}: planted rank {}, estimated {}\n", found.name,
                                 found.true_rank, found.estimated_rank);
  if (found.true_rank > 0)
    text += fmt::format("  singular values   planted {}\n", row(found.true_sigma));
  text += fmt::format("                    student {}\n", row(found.sigma));
  if (found.true_rank > 0)
    text += fmt::format("  of dW C^(1/2)     planted {}\n", row(found.true_whitened));
  text += fmt::format("                    student {}\n", row(found.whitened));
  if (found.left)
    text += fmt::format(
        "  phi with the planted directions: left {:.3f}, right {:.3f}, right of dW C^(1/2) {:.3f} "
        "(chance {:.3f})\n",
        found.left->phi, found.right->phi, found.right_whitened->phi, found.left->chance);
  if (found.true_ladder)
    text += fmt::format("  amplification: planted {:.2f} ({:.2f} x random)",
                        found.true_ladder->factor(), found.true_ladder->over_random);
  if (found.student_ladder)
    text += fmt::format("; student {:.2f} ({:.2f} x random), interval [{:.2f}, {:.2f}]",
                        found.student_ladder->factor(), found.student_ladder->over_random,
                        found.amplification.low, found.amplification.high);
  return text + "\n";
}

}  // namespace

Json to_json(const KnownRankResult& result) {
  const TeacherSpec& teacher = result.options.teacher;
  const StudentOptions& student = result.options.student;
  Json losses = Json::array(), matrices = Json::array();
  for (const StudentLoss& loss : result.losses) losses.push_back(to_json(loss));
  for (const Recovery& found : result.matrices) matrices.push_back(to_json(found));
  const std::optional<int> knee = result.knee();

  Json object = {{"true_rank", teacher.true_rank},
                 {"estimated_rank", result.estimated_rank()},
                 {"knee", knee ? Json(*knee) : Json(nullptr)},
                 {"seed", teacher.seed},
                 {"base_seed", result.base_seed},
                 {"spectrum", to_string(teacher.spectrum)},
                 {"rho", teacher.rho},
                 {"align", to_string(teacher.align)},
                 {"place", to_string(teacher.place)},
                 {"student",
                  {{"rank", student.rank},
                   {"alpha", student.alpha},
                   {"steps", student.steps},
                   {"batch", student.batch},
                   {"length", student.length},
                   {"lr", student.lr}}},
                 {"losses", losses}};
  if (result.placed) object["loss_in_the_right_place"] = to_json(*result.placed);
  // Where one matrix is adapted, what it says stands at the top too.
  if (result.matrices.size() == 1)
    for (const auto& [key, value] : matrices[0].items())
      if (!object.contains(key)) object[key] = value;
  object["matrices"] = matrices;
  return object;
}

std::string known_rank_text(const KnownRankResult& result) {
  const TeacherSpec& teacher = result.options.teacher;
  std::string text = fmt::format(
      "teacher: base seed {}, a {} change of rank {} planted ({}), |dW| = {} |W|, {} directions, "
      "seed {}\n\nloss left to a student, KL in nats per position\n",
      result.base_seed, to_string(teacher.spectrum), teacher.true_rank, to_string(teacher.place),
      teacher.rho, to_string(teacher.align), teacher.seed);
  for (const StudentLoss& loss : result.losses)
    text += fmt::format("  r = {:<3} {:.3e}   {:8.3f} % of that before training\n", loss.rank,
                        loss.end, loss.start > 0 ? 100 * loss.end / loss.start : 0.0);
  if (result.placed)
    text += fmt::format(
        "  r = {:<3} {:.3e}   {:8.3f} %, adapted where it is planted\n", result.placed->rank,
        result.placed->end,
        result.placed->start > 0 ? 100 * result.placed->end / result.placed->start : 0.0);
  for (const Recovery& found : result.matrices) text += text_of(found);
  const std::optional<int> knee = result.knee();
  return text + fmt::format("\nestimated rank {}, knee of the loss {}\n", result.estimated_rank(),
                            knee ? fmt::to_string(*knee) : "none");
}

}  // namespace experiments
