#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "experiments/beyond/known_rank.h"

namespace experiments::beyond {
namespace {

JsonObject loss_json(const StudentLoss& loss) {
  JsonObject object;
  object.set("rank", loss.rank);
  object.set("kl_start", loss.start);
  object.set("kl", loss.end);
  return object;
}

void set_numbers(JsonObject& object, const char* name, const lora::VectorXd& x) {
  std::vector<std::string> texts;
  for (const double value : x) texts.push_back(fmt::to_string(value));
  object.set_json(name, fmt::format("[{}]", fmt::join(texts, ",")));
}

void set_overlap(JsonObject& object, const char* name, const std::optional<Overlap>& overlap) {
  if (!overlap) return object.set_json(name, "null");
  JsonObject value;
  value.set("phi", overlap->phi);
  value.set("chance", overlap->chance);
  object.set(name, value);
}

std::string end_json(double x) { return std::isfinite(x) ? fmt::to_string(x) : "\"inf\""; }

JsonObject amplification_json(const Recovery& found) {
  JsonObject object;
  if (found.true_ladder) {
    object.set("true", found.true_ladder->factor());
    object.set("true_over_random", found.true_ladder->over_random);
  } else {
    object.set_json("true", "null");
  }
  if (found.student_ladder) {
    object.set("recovered", found.student_ladder->factor());
    object.set("recovered_over_random", found.student_ladder->over_random);
    object.set_json("interval", found.amplification
                                    ? fmt::format("[{},{}]", end_json(found.amplification->low),
                                                  end_json(found.amplification->high))
                                    : "null");
  } else {
    object.set_json("recovered", "null");
    object.set_json("interval", "null");
  }
  return object;
}

void set_recovery(JsonObject& object, const Recovery& found) {
  set_numbers(object, "true_spectrum", found.true_sigma);
  set_numbers(object, "recovered_spectrum", found.sigma);
  set_numbers(object, "true_spectrum_whitened", found.true_whitened);
  set_numbers(object, "recovered_spectrum_whitened", found.whitened);
  set_overlap(object, "phi_left", found.left);
  set_overlap(object, "phi_right", found.right);
  set_overlap(object, "phi_right_whitened", found.right_whitened);
  object.set("amplification", amplification_json(found));
}

JsonObject recovery_json(const Recovery& found) {
  JsonObject object;
  object.set("name", found.name);
  object.set("true_rank", found.true_rank);
  object.set("estimated_rank", found.estimated_rank);
  set_recovery(object, found);
  return object;
}

JsonObject student_json(const StudentOptions& student) {
  JsonObject object;
  object.set("rank", student.rank);
  object.set("alpha", student.alpha);
  object.set("steps", student.steps);
  object.set("batch", student.batch);
  object.set("length", student.length);
  object.set("lr", student.lr);
  return object;
}

std::string values_text(const lora::VectorXd& x, lora::Index most = 10) {
  std::string text;
  for (lora::Index i = 0; i < std::min(most, x.size()); ++i) text += fmt::format(" {:6.3f}", x(i));
  return text + (x.size() > most ? " ..." : "");
}

std::string text_of(const Recovery& found) {
  std::string text = fmt::format("\n{}: planted rank {}, estimated {}\n", found.name,
                                 found.true_rank, found.estimated_rank);
  if (found.true_rank > 0)
    text += fmt::format("  singular values   planted {}\n", values_text(found.true_sigma));
  text += fmt::format("                    student {}\n", values_text(found.sigma));
  if (found.true_rank > 0)
    text += fmt::format("  of dW C^(1/2)     planted {}\n", values_text(found.true_whitened));
  text += fmt::format("                    student {}\n", values_text(found.whitened));
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

JsonObject known_rank_json(const KnownRankResult& result) {
  const TeacherSpec& teacher = result.options.teacher;
  JsonObject object;
  object.set("true_rank", teacher.true_rank);
  object.set("estimated_rank", result.estimated_rank());
  if (const std::optional<int> knee = result.knee())
    object.set("knee", *knee);
  else
    object.set_json("knee", "null");
  object.set("seed", teacher.seed);
  object.set("base_seed", result.base_seed);
  object.set("spectrum", to_string(teacher.spectrum));
  object.set("rho", teacher.rho);
  object.set("align", to_string(teacher.align));
  object.set("place", to_string(teacher.place));
  object.set("student", student_json(result.options.student));
  std::vector<JsonObject> losses, matrices;
  for (const StudentLoss& loss : result.losses) losses.push_back(loss_json(loss));
  for (const Recovery& found : result.matrices) matrices.push_back(recovery_json(found));
  object.set("steps_of_others", result.options.steps_of_others);
  object.set("losses", losses);
  object.set("loss_of_the_student", loss_json(result.analysed));
  if (result.placed) object.set("loss_in_the_right_place", loss_json(*result.placed));
  // Where one matrix is adapted, what it says stands at the top too.
  if (result.matrices.size() == 1) set_recovery(object, result.matrices[0]);
  object.set("matrices", matrices);
  return object;
}

std::string known_rank_text(const KnownRankResult& result) {
  const TeacherSpec& teacher = result.options.teacher;
  std::string text = fmt::format(
      "teacher: base seed {}, a {} change of rank {} planted ({}), |dW| = {} |W|, {} directions, "
      "seed {}\n\nloss left to a student, KL in nats per position\n",
      result.base_seed, to_string(teacher.spectrum), teacher.true_rank, to_string(teacher.place),
      teacher.rho, to_string(teacher.align), teacher.seed);
  const auto add = [&](const StudentLoss& loss, int steps, const char* more) {
    text += fmt::format("  r = {:<3} {:.3e}   {:8.3f} % of that before training, {} steps{}\n",
                        loss.rank, loss.end, loss.start > 0 ? 100 * loss.end / loss.start : 0.0,
                        steps, more);
  };
  for (const StudentLoss& loss : result.losses) add(loss, result.options.steps_of_others, "");
  add(result.analysed, result.options.student.steps, "; this one is analysed");
  if (result.placed)
    add(*result.placed, result.options.student.steps, ", adapted where it is planted");
  for (const Recovery& found : result.matrices) text += text_of(found);
  const std::optional<int> knee = result.knee();
  return text + fmt::format("\nestimated rank {}, knee of the loss {}\n", result.estimated_rank(),
                            knee ? fmt::to_string(*knee) : "none");
}

}  // namespace experiments::beyond
