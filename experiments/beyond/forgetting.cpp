#include "experiments/beyond/forgetting.h"

#include <fmt/format.h>

#include <set>

#include "experiments/evidence/paired.h"
#include "lora/analysis/intruders.h"

namespace experiments::beyond::forgetting {

namespace {

std::vector<int> ranks_of(const Settings& settings) {
  if (settings.preset == Preset::smoke) return settings.ranks_or({1, 16});
  if (settings.preset == Preset::full) return settings.ranks_or({1, 2, 4, 8, 16, 64});
  return settings.ranks_or({1, 4, 16});
}

std::vector<Cell> cells(const Settings& options) {
  return frozen_full_and_lora(options, {"q", "k", "v", "o"}, ranks_of(options));
}

// ---- reading results ----------------------------------------------------------------------------

/// What a row of the table is about: a method, and LoRA's rank or 0.
struct Row {
  std::string method;
  int rank = 0;

  Which in(const std::string& label) const {
    return [*this, label](const Cell& cell) {
      return task_label(cell) == label && cell.method == method && cell.rank == rank;
    };
  }
  std::string text() const { return rank > 0 ? fmt::format("LoRA r = {}", rank) : method; }
};

std::vector<int> ranks_in(const std::vector<CellResult>& results, const std::string& label) {
  std::set<int> ranks;
  for (const CellResult& result : results)
    if (task_label(result.cell) == label && result.cell.rank > 0) ranks.insert(result.cell.rank);
  return {ranks.begin(), ranks.end()};
}

std::vector<Row> rows_in(const std::vector<CellResult>& results, const std::string& label) {
  std::vector<Row> rows{{"frozen"}, {"full"}};
  for (const int r : ranks_in(results, label)) rows.push_back({"lora", r});
  return rows;
}

// Mean nll over the pre-training tasks that are the adapted one (own), or over those that are not.
Measured pretraining_nll(bool own) {
  return [own](const CellResult& result) {
    std::vector<double> nll;
    for (const std::string& task : pretraining_tasks())
      if ((task == result.cell.task) == own)
        nll.push_back(further("pretraining_nll." + task)(result));
    return mean(nll);
  };
}

// The mean over the attention matrices of a measurement that each has.
Measured of_attention(const std::string& what) {
  return [what](const CellResult& result) {
    std::vector<double> x;
    for (const auto& [name, value] : result.more)
      if (name.starts_with(what + ".") && name.find(".attn.") != std::string::npos)
        x.push_back(value);
    return mean(x);
  };
}

ByRepetition forgetting(const std::vector<CellResult>& results, const std::string& label,
                        const Row& row, bool own = false) {
  const Measured nll = pretraining_nll(own);
  return difference(by_repetition(results, row.in(label), nll),
                    by_repetition(results, Row{"frozen"}.in(label), nll));
}

// ---- the finding --------------------------------------------------------------------------------

std::vector<Finding::Part> parts_of(const std::vector<CellResult>& results,
                                    const std::string& label) {
  const std::vector<int> ranks = ranks_in(results, label);
  const Row whole{"full"}, small{"lora", ranks.empty() ? 0 : ranks.front()};
  const Row large{"lora", ranks.empty() ? 0 : ranks.back()};
  const std::string missing = ranks.empty() ? "LoRA" : "";
  const auto each = [&](const Row& row, const Measured& measured) {
    return by_repetition(results, row.in(label), measured);
  };
  const auto forgotten = [&](const Row& row) { return forgetting(results, label, row); };

  // A run that did not learn did not forget either, so it is counted in every part.
  const std::vector<double> base = values(each(Row{"frozen"}, points));
  std::set<Repetition> no_learners;
  for (const Row& row : {whole, small})
    no_learners.merge(collapsed(each(row, points), base.empty() ? 0 : mean(base)));

  std::vector<Finding::Part> parts;
  const auto add = [&](const char* statement, const std::string& text, const ByRepetition& D,
                       const char* unit, const std::string& not_run) {
    Contrast contrast;
    contrast.text = text + "; holds above 0 " + unit;
    contrast.each = D;
    contrast.collapsed = no_learners;
    contrast.missing = not_run;
    contrast.unit = unit;
    parts.push_back({statement, label, contrast});
  };
  add("LoRA learns less", fmt::format("score of full minus {}", small.text()),
      difference(each(whole, points), each(small, points)), "points", missing);
  parts.back().contrast.note =
      "LoRA's models are among those of full fine-tuning: one that is trained as well learns no less.";
  add("LoRA forgets less", fmt::format("forgetting of full minus {}", small.text()),
      difference(forgotten(whole), forgotten(small)), "nats", missing);
  const bool far_apart = !ranks.empty() && large.rank >= 4 * small.rank;
  add("the smaller r, the less is forgotten",
      fmt::format("forgetting of {} minus {}", large.text(), small.text()),
      difference(forgotten(large), forgotten(small)), "nats",
      far_apart ? "" : "LoRA at r and at 4 r or more");
  const Measured intruders = of_attention("intruders");
  add("LoRA has intruder dimensions, full fine-tuning has fewer",
      fmt::format("intruders of {} minus full, of {} per attention matrix", small.text(),
                  intruder_directions),
      difference(each(small, intruders), each(whole, intruders)), "intruders", missing);
  parts.back().contrast.note = fmt::format(
      "A change of rank {} adds as many directions at most, full fine-tuning any number: this leans "
      "against the statement.",
      small.rank);
  return parts;
}

// ---- what is printed ----------------------------------------------------------------------------

PlainTable grid(const std::vector<CellResult>& results, const std::string& label) {
  PlainTable grid{{label, "trained", "score", "forgets others", "own", "intruders", "best |cos|"}};
  for (const Row& row : rows_in(results, label)) {
    const auto each = [&](const Measured& measured) {
      return values(by_repetition(results, row.in(label), measured));
    };
    const std::vector<double> trained =
        each([](const CellResult& result) { return static_cast<double>(result.trainable); });
    if (trained.empty()) continue;
    const bool nothing = row.method == "frozen";
    grid.push_back({row.text(), fmt::format("{:.0f}", trained.front()),
                    mean_and_sd(each(points), 1),
                    mean_and_sd(values(forgetting(results, label, row)), 3),
                    mean_and_sd(values(forgetting(results, label, row, true)), 3),
                    nothing ? "0" : mean_and_sd(each(of_attention("intruders")), 1),
                    nothing ? "1" : mean_and_sd(each(of_attention("best_cosine")), 2)});
  }
  return grid;
}

std::string explanation(int width) {
  return fmt::format(
      "Forgetting is the rise of the loss, nats per target token, on held-out examples of the "
      "pre-training tasks: on the tasks that the adaptation does not contradict (others) and on "
      "the one that it replaces (own). Intruders: how many of the first {} singular vectors of an "
      "attention matrix have a best |cos| below {} with those of the base. A random direction has "
      "{:.2f}, so nearly every random direction is an intruder. LoRA is on q,k,v,o.",
      intruder_directions, intruder_epsilon, lora::chance_best_cosine(width));
}

// The learn-forget curve: a line per trained model.
Csv csv(const std::vector<CellResult>& results) {
  Csv csv({"task", "facts", "base_seed", "seed", "method", "rank", "trainable", "score",
           "forgetting_others", "forgetting_own", "intruders", "best_cosine",
           "chance_best_cosine"});
  const double chance = lora::chance_best_cosine(results.front().cell.width);
  for (const std::string& label : task_labels(results)) {
    for (const Row& row : rows_in(results, label)) {
      const auto others = forgetting(results, label, row);
      const auto own = forgetting(results, label, row, true);
      for (const CellResult& result : results) {
        const Cell& cell = result.cell;
        const Repetition repetition{cell.base_seed, cell.seed};
        if (!row.in(label)(cell) || !others.contains(repetition)) continue;
        const bool nothing = row.method == "frozen";
        csv.row(cell.task, cell.facts, cell.base_seed, cell.seed, cell.method, cell.rank,
                result.trainable, result.value, others.at(repetition), own.at(repetition),
                nothing ? 0 : of_attention("intruders")(result),
                nothing ? 1 : of_attention("best_cosine")(result), chance);
      }
    }
  }
  return csv;
}

void look_at_what_is_left(const Lab& lab, nn::Model& trained, CellResult& result) {
  const Base& base = lab.bases.of(result.cell);
  measure_pretraining(base, trained, result);
  measure_intruders(*copy_of(*base.model), trained, result);
}

Report read(const Results& results, Lab&) {
  Report report{"What is learned and what is forgotten"};
  report.remarks = {explanation(results.all.front().cell.width)};
  for (const std::string& label : task_labels(results.all))
    report.sections.push_back({"", {}, grid(results.all, label)});
  report.data = csv(results.all);
  return report;
}

}  // namespace

std::vector<Finding> findings(const std::vector<CellResult>& results) {
  Finding finding{"F11",
                  "LoRA learns less and forgets less (Biderman et al. 2024), and leaves intruder "
                  "dimensions (Shuttleworth et al. 2024)",
                  "./run forgetting",
                  {},
                  trained_cells(results)};
  for (const std::string& label : task_labels(results))
    for (Finding::Part& part : parts_of(results, label)) finding.parts.push_back(std::move(part));
  return {finding};
}

Experiment experiment() {
  return {.name = "forgetting",
          .question = "what LoRA at each r and full fine-tuning learn, forget, and leave behind",
          .cells = cells,
          .read = read,
          .findings = [](const Results& results) { return findings(results.all); },
          .look = look_at_what_is_left,
          .listens = {"--ranks"}};
}

}  // namespace experiments::beyond::forgetting
