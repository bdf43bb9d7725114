#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

#include "experiments/beyond/rank_estimate.h"
#include "experiments/cli/analyse.h"

namespace experiments::cli {

namespace {

using Reading = std::function<std::string(const MatrixReading&)>;
using Number = std::function<double(const MatrixReading&)>;

std::string values_of(const lora::VectorXd& x) {
  std::vector<std::string> texts;
  constexpr lora::Index most = 8;
  for (lora::Index i = 0; i < std::min(most, x.size()); ++i)
    texts.push_back(fmt::format("{:.3g}", x(i)));
  return fmt::format("{}{}", fmt::join(texts, " "), x.size() > most ? " ..." : "");
}

double second_over_first(const lora::VectorXd& sigma) {
  return sigma.size() > 1 ? sigma(1) / sigma(0) : 0;
}

const MatrixReading* find_matrix(const AdapterReading& reading, const std::string& name) {
  for (const MatrixReading& matrix : reading.matrices)
    if (matrix.name == name) return &matrix;
  return nullptr;
}

/// The table of one matrix: a column for the adapter, one for its twin, one for noise.
class MatrixTable {
 public:
  MatrixTable(const MatrixReading& matrix, const MatrixReading* shuffled)
      : matrix_(matrix), shuffled_(shuffled), table_{{"", "adapter"}} {
    if (shuffled_) table_[0].push_back("shuffled");
    table_[0].push_back("noise");
  }

  void text(const std::string& name, const Reading& read) {
    table_.push_back({name, read(matrix_)});
    if (shuffled_) table_.back().push_back(read(*shuffled_));
    table_.back().push_back("");
  }
  void number(const std::string& name, const Number& read, std::optional<double> noise = {}) {
    text(name, [&](const MatrixReading& m) { return fmt::format("{:.3g}", read(m)); });
    if (noise) table_.back().back() = fmt::format("{:.3g}", *noise);
  }
  const PlainTable& table() const { return table_; }

 private:
  const MatrixReading& matrix_;
  const MatrixReading* shuffled_;
  PlainTable table_;
};

// The same reading as of the adapter, of a change of noise.
lora::Amplification seen_by_noise(const MatrixReading& matrix) {
  lora::Amplification seen = matrix.seen;
  seen.in_delta = matrix.noise.in_delta;
  return seen;
}

Section matrix_section(const MatrixReading& matrix, const MatrixReading* shuffled) {
  using M = MatrixReading;
  MatrixTable table(matrix, shuffled);
  const lora::Amplification noise = seen_by_noise(matrix);
  table.text("singular values of ΔW", [](const M& m) { return values_of(m.change.sigma); });
  table.text("of ΔW C^(1/2)", [](const M& m) { return values_of(m.weighted); });
  table.text("terms, r", [](const M& m) { return fmt::to_string(m.change.sigma.size()); });
  table.number(
      "stable rank", [](const M& m) { return lora::stable_rank(m.change.sigma); },
      matrix.noise.stable_rank);
  table.number("effective rank", [](const M& m) { return lora::effective_rank(m.change.sigma); });
  table.number(
      "σ2/σ1", [](const M& m) { return second_over_first(m.change.sigma); }, matrix.noise.second);
  table.text("estimated rank", [](const M& m) {
    return m.estimated.rank ? fmt::to_string(*m.estimated.rank)
                            : fmt::format("none ({})", m.estimated.why_none);
  });
  table.number("‖ΔW‖ / ‖W‖", [](const M& m) { return m.seen.delta_norm / m.seen.w_norm; });
  table.number(
      "‖UᵀWV‖ from ΔW", [](const M& m) { return m.seen.in_delta; }, noise.in_delta);
  table.number("from W, the most", [](const M& m) { return m.seen.in_w; });
  table.number("from random ones, ‖W‖ r/√(dk)", [](const M& m) { return m.seen.expected_random; });
  table.number("inputs of ΔW, random outputs",
               [](const M& m) { return m.seen.half_random.inputs_kept; });
  table.number("outputs of ΔW, random inputs",
               [](const M& m) { return m.seen.half_random.outputs_kept; });
  table.number(
      "ΔW ÷ random", [](const M& m) { return m.seen.over_random(); }, noise.over_random());
  table.number(
      "position, 0 random and 1 W's own", [](const M& m) { return m.seen.log_position(); },
      noise.log_position());
  table.number(
      "factor ‖ΔW‖ / ‖UᵀWV‖", [](const M& m) { return m.seen.factor(); }, noise.factor());
  table.number("factor by chance alone",
               [](const M& m) { return m.seen.delta_norm / m.seen.expected_random; });
  return {matrix.name,
          {fmt::format("W is {} x {}, ‖W‖ = {:.4g}. Of the inputs' second moment C the first tenth "
                       "of {} directions holds {:.0f} %.",
                       matrix.change.U.rows(), matrix.change.V.rows(), matrix.seen.w_norm,
                       matrix.inputs.size(), 100 * share_of_first_tenth(matrix.inputs))},
          table.table()};
}

std::string corrected_text(double value, double corrected) {
  return fmt::format("{:.2f} ({:.2f})", value, corrected);
}

Section shared_section(const std::string& title, const std::vector<SharedDirections>& shared) {
  Section section{title,
                  {"φ of the first and of all directions, in brackets corrected for chance; the "
                   "largest squared cosine of the two spaces, which does not depend on the order, "
                   "corrected for its own; and φ of all directions of two changes of noise."}};
  section.table = {{"matrix, side", "φ(1,1)", "φ of all", "chance", "largest cos²", "chance",
                    "noise, φ of all"}};
  for (const SharedDirections& s : shared) {
    const lora::Index i = s.phi.rows(), j = s.phi.cols();
    const double all = s.phi(i - 1, j - 1);
    section.table.push_back({fmt::format("{} {}", s.matrix, s.inputs ? "inputs" : "outputs"),
                             corrected_text(s.phi(0, 0), lora::corrected(s.phi(0, 0), 1, 1, s.d)),
                             corrected_text(all, lora::corrected(all, i, j, s.d)),
                             fmt::format("{:.2f} ± {:.2f}", lora::chance_similarity(i, j, s.d),
                                         lora::chance_similarity_sd(i, j, s.d)),
                             corrected_text(s.largest_cosine, s.chance.corrected(s.largest_cosine)),
                             fmt::format("{:.2f} ± {:.2f}", s.chance.mean, s.chance.sd),
                             fmt::format("{:.2f}", s.noise)});
  }
  return section;
}

Section scores_section(const Analysis& analysis) {
  Section section;
  section.table = {
      {"", "labels", "loss on its own examples", "without the prompt", "score on the test, %"}};
  const auto add = [&](const char* what, const AdapterReading& reading) {
    const auto loss = [](double nll) { return fmt::format("{:.3f}", nll); };
    section.table.push_back({fmt::format("{}: {}", what, reading.adapter), reading.labels,
                             reading.own ? loss(reading.own->nll) : "",
                             reading.own ? loss(reading.own->blind) : "",
                             fmt::format("{:.1f}", 100 * reading.score->value)});
  };
  add("adapter", analysis.adapter);
  if (analysis.shuffled) add("shuffled", *analysis.shuffled);
  if (analysis.against) add("against", *analysis.against);
  return section;
}

std::vector<std::string> caveats(const Analysis& analysis) {
  const RankRule rule;
  std::vector<std::string> notes{
      "Noise is G^(1/2) N C^(1/2), with N of independent normal numbers, C of the inputs and G of the "
      "gradients in the outputs of the base on these data: what a change shows that learned nothing. "
      "Beside it an adapter on permuted labels is the stricter control.",
      fmt::format(
          "The estimated rank counts the singular values of ΔW C^(1/2) above {} of the first, and there "
          "is none where the last of them is not {} times the next: no gap in the spectrum. That "
          "was set where the truth is known, on students of rank 16 of a planted change in one matrix, "
          "trained to the end (./run known-rank); whether your training has come to its end, nothing "
          "here can say. An adapter for which it has not, or that makes up in one matrix for another, "
          "has more; a change whose last directions are weak, less. A task has no rank that anybody "
          "knows.",
          rule.relative, rule.least_gap)};
  if (!analysis.shuffled)
    notes.push_back(
        "There is no --shuffled: what an adapter on permuted labels would show is not known here.");
  else if (analysis.shuffled->labels != "permuted")
    notes.push_back(
        fmt::format("{} does not say that its labels were permuted.", analysis.shuffled->adapter));
  else if (analysis.adapter.own && analysis.shuffled->own &&
           analysis.shuffled->own->nll >
               analysis.shuffled->own->blind -
                   0.9 * (analysis.adapter.own->blind - analysis.adapter.own->nll))
    notes.push_back(
        "The loss of the shuffled adapter has not fallen as far as that of the adapter: it has "
        "learned less by heart, and is the null of a smaller change. More --steps would help it.");
  return notes;
}

}  // namespace

Report analysis_report(const Analysis& analysis) {
  Report report{fmt::format("{} on {}", analysis.adapter.adapter, analysis.data)};
  report.remarks = {fmt::format("The base is {}.", analysis.base)};
  if (analysis.choice) report.sections.push_back(scores_section(analysis));
  for (const MatrixReading& matrix : analysis.adapter.matrices)
    report.sections.push_back(matrix_section(
        matrix, analysis.shuffled ? find_matrix(*analysis.shuffled, matrix.name) : nullptr));
  if (analysis.against)
    report.sections.push_back(
        shared_section("What it shares with " + analysis.against->adapter, analysis.shared));
  if (analysis.shuffled)
    report.sections.push_back(shared_section("What it shares with " + analysis.shuffled->adapter,
                                             analysis.shared_of_shuffled));
  report.notes = caveats(analysis);
  report.data = spectrum_csv(analysis);
  return report;
}

}  // namespace experiments::cli
