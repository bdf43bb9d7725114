#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "experiments/beyond/known_rank.h"
#include "nn/files/json.h"

namespace experiments::beyond {
namespace {

nn::Json loss_json(const StudentLoss& loss) {
  return {{"rank", loss.rank},
          {"kl_start", nn::number_json(loss.start)},
          {"kl", nn::number_json(loss.end)}};
}

nn::Json spectrum_json(const lora::VectorXd& x) {
  nn::Json values = nn::Json::array();
  for (const double value : x)  // what nothing was planted in has 0, not 0.0
    values.push_back(value == 0 ? nn::Json(0) : nn::number_json(value));
  return values;
}

nn::Json overlap_json(const std::optional<Overlap>& overlap) {
  if (!overlap) return nullptr;
  return {{"phi", nn::number_json(overlap->phi)}, {"chance", nn::number_json(overlap->chance)}};
}

nn::Json amplification_json(const Recovery& found) {
  nn::Json object{{"true", nullptr}};
  if (found.true_ladder) {
    object["true"] = nn::number_json(found.true_ladder->factor());
    object["true_over_random"] = nn::number_json(found.true_ladder->over_random);
  }
  object["recovered"] = nullptr;
  if (found.student_ladder) {
    object["recovered"] = nn::number_json(found.student_ladder->factor());
    object["recovered_over_random"] = nn::number_json(found.student_ladder->over_random);
  }
  object["interval"] = nullptr;
  if (found.student_ladder && found.amplification)
    object["interval"] = {nn::number_json(found.amplification->low),
                          nn::number_json(found.amplification->high)};
  return object;
}

nn::Json recovery_json(const Recovery& found) {
  return {{"true_spectrum", spectrum_json(found.true_sigma)},
          {"recovered_spectrum", spectrum_json(found.sigma)},
          {"true_spectrum_whitened", spectrum_json(found.true_whitened)},
          {"recovered_spectrum_whitened", spectrum_json(found.whitened)},
          {"inputs_spectrum", spectrum_json(found.inputs)},
          {"phi_left", overlap_json(found.left)},
          {"phi_right", overlap_json(found.right)},
          {"phi_right_whitened", overlap_json(found.right_whitened)},
          {"amplification", amplification_json(found)}};
}

nn::Json rank_json(const RankReading& reading) {
  return reading.rank ? nn::Json(*reading.rank) : nn::Json();
}

nn::Json why_json(const RankReading& reading) {
  return reading.rank ? nn::Json() : nn::Json(reading.why_none);
}

nn::Json matrix_json(const Recovery& found) {
  nn::Json object{{"name", found.name},
                  {"true_rank", found.true_rank},
                  {"estimated_rank", rank_json(found.estimated)},
                  {"why_no_rank", why_json(found.estimated)}};
  object.update(recovery_json(found));
  return object;
}

nn::Json student_json(const StudentOptions& student) {
  return {{"rank", student.rank},
          {"alpha", nn::number_json(student.alpha)},
          {"steps", student.steps},
          {"batch", student.batch},
          {"length", student.length},
          {"lr", nn::number_json(student.lr)},
          {"labels", to_string(student.labels)}};
}

std::string values_text(const lora::VectorXd& x, lora::Index most = 10) {
  std::string text;
  for (lora::Index i = 0; i < std::min(most, x.size()); ++i) text += fmt::format(" {:6.3f}", x(i));
  return text + (x.size() > most ? " ..." : "");
}

std::string rank_text(const RankReading& reading) {
  return reading.rank ? fmt::to_string(*reading.rank) : fmt::format("none ({})", reading.why_none);
}

// How many directions the inputs have: where E x xᵀ has few large eigenvalues, a change of low rank
// does nearly all that any change can.
std::string inputs_text(const lora::VectorXd& inputs) {
  std::string counts, parts;
  for (lora::Index k = 1; k < inputs.size(); k *= 2) {
    counts += fmt::format("{}{}", k > 1 ? ", " : "", k);
    parts += fmt::format(" {:.2f}", lora::energy_within(inputs, k));
  }
  return fmt::format("  of E|x|^2 the first {} of {} directions hold{}\n", counts, inputs.size(),
                     parts);
}

std::string text_of(const Recovery& found) {
  std::string text = fmt::format("\n{}: planted rank {}, estimated {}\n", found.name,
                                 found.true_rank, rank_text(found.estimated));
  if (found.true_rank > 0)
    text += fmt::format("  singular values   planted {}\n", values_text(found.true_sigma));
  text += fmt::format("                    student {}\n", values_text(found.sigma));
  if (found.true_rank > 0)
    text += fmt::format("  of dW C^(1/2)     planted {}\n", values_text(found.true_whitened));
  text += fmt::format("                    student {}\n", values_text(found.whitened));
  text += inputs_text(found.inputs);
  if (found.left)
    text += fmt::format(
        "  phi with the planted directions: left {:.3f}, right {:.3f}, right of dW C^(1/2) {:.3f} "
        "(chance {:.3f})\n",
        found.left->phi, found.right->phi, found.right_whitened->phi, found.left->chance);
  if (found.true_ladder)
    text += fmt::format("  amplification: planted {:.2f} ({:.2f} x random)",
                        found.true_ladder->factor(), found.true_ladder->over_random);
  if (found.student_ladder)
    text += fmt::format("; student {:.2f} ({:.2f} x random)", found.student_ladder->factor(),
                        found.student_ladder->over_random);
  if (found.amplification)
    text += fmt::format(", corrected [{:.2f}, {:.2f}]", found.amplification->low,
                        found.amplification->high);
  return text + "\n";
}

}  // namespace

nn::Json known_rank_json(const KnownRankResult& result) {
  const TeacherSpec& teacher = result.options.teacher;
  const std::optional<int> knee = result.knee();
  nn::Json losses = nn::Json::array(), matrices = losses;
  for (const StudentLoss& loss : result.losses) losses.push_back(loss_json(loss));
  for (const Recovery& found : result.matrices) matrices.push_back(matrix_json(found));
  nn::Json object{{"true_rank", teacher.true_rank},
                  {"estimated_rank", rank_json(result.estimated_rank())},
                  {"why_no_rank", why_json(result.estimated_rank())},
                  {"loss_left", nn::number_json(result.analysed.left())},
                  {"most_left", nn::number_json(result.options.rule.most_left)},
                  {"knee", knee ? nn::Json(*knee) : nn::Json()},
                  {"seed", teacher.seed},
                  {"base_seed", result.base_seed},
                  {"spectrum", to_string(teacher.spectrum)},
                  {"rho", nn::number_json(teacher.rho)},
                  {"align", to_string(teacher.align)},
                  {"place", to_string(teacher.place)},
                  {"student", student_json(result.options.student)},
                  {"steps_of_others", result.options.steps_of_others},
                  {"losses", losses},
                  {"loss_of_the_student", loss_json(result.analysed)}};
  if (result.placed) object["loss_in_the_right_place"] = loss_json(*result.placed);
  // Where one matrix is adapted, what it says stands at the top too.
  if (result.matrices.size() == 1) object.update(recovery_json(result.matrices[0]));
  object["matrices"] = matrices;
  return object;
}

std::string known_rank_text(const KnownRankResult& result) {
  const TeacherSpec& teacher = result.options.teacher;
  std::string text = fmt::format(
      "teacher: base seed {}, a {} change{} planted ({}), |dW| = {} |W|, {} directions, seed {}; "
      "{} labels\n\nloss left to a student, KL in nats per position\n",
      result.base_seed, to_string(teacher.spectrum),
      teacher.spectrum == Spectrum::noise ? " of full rank"
                                          : fmt::format(" of rank {}", teacher.true_rank),
      to_string(teacher.place), teacher.rho, to_string(teacher.align), teacher.seed,
      to_string(result.options.student.labels));
  const auto add = [&](const StudentLoss& loss, int steps, const char* more) {
    text += fmt::format("  r = {:<3} {:.3e}   {:8.3f} % of that before training, {} steps{}\n",
                        loss.rank, loss.end, 100 * loss.left(), steps, more);
  };
  for (const StudentLoss& loss : result.losses) add(loss, result.options.steps_of_others, "");
  add(result.analysed, result.options.student.steps, "; this one is analysed");
  if (result.placed)
    add(*result.placed, result.options.student.steps, ", adapted where it is planted");
  for (const Recovery& found : result.matrices) text += text_of(found);
  const std::optional<int> knee = result.knee();
  std::set<std::string> reasons;
  std::vector<std::string> ranks;
  for (const Recovery& found : result.matrices) {
    ranks.push_back(rank_text(found.estimated));
    reasons.insert(found.estimated.why_none);
  }
  if (reasons.size() == 1 && !reasons.contains(""))  // one reason for all of them
    ranks = {ranks.front()};
  return text + fmt::format("\nestimated rank{} {}; knee of the loss {}\n",
                            ranks.size() > 1 ? "s" : "", fmt::join(ranks, ", "),
                            knee ? fmt::to_string(*knee) : "none");
}

}  // namespace experiments::beyond
