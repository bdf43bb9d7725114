#include "experiments/beyond/dropout.h"

#include <fmt/format.h>

#include "experiments/evidence/score_table.h"
#include "experiments/training/batches.h"
#include "lora/inject.h"

namespace experiments::beyond::dropout {
namespace {

const std::vector<double> probabilities{0, 0.05, 0.1, 0.3};

std::string row_name(double p) { return fmt::format("p={}", p); }

std::string row_of(const Cell& cell) {
  return cell.method == "lora" ? row_name(cell.dropout) : cell.method;
}

std::vector<Cell> cells(const Settings& options) {
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(options)) {
    cells.push_back(frozen(cell));
    for (const double p : probabilities) {
      cells.push_back(lora_cell(cell, options, {"q", "v"}, 4));
      cells.back().dropout = p;
    }
  }
  return cells;
}

// The gradients of a model's first step on its first batch.
struct Gradients {
  double loss = 0;
  std::vector<nn::Matrix> dA, dB;
};

Gradients first_gradients(const Base& base, const Cell& cell) {
  const std::unique_ptr<nn::Model> model = prepare(base, cell);
  const data::Task& task = data::parse_task(cell.task);
  const auto examples = data::examples(task, task_options(cell), data::Split::train, cell.seed, 32);
  nn::Random stream(cell.seed, "adapt.dropout");
  nn::Tape tape;
  const nn::Pass pass{tape, cell.dropout > 0 ? &stream : nullptr};
  const nn::Var loss = nn::token_loss(pass, *model, token_batch(data::make_batch(examples)));
  tape.backward(loss);
  Gradients found{static_cast<double>(loss.value().item()), {}, {}};
  for (const auto& [path, layer] : lora::lora_layers(*model)) {
    found.dA.emplace_back(layer->A.grad.m);
    found.dB.emplace_back(layer->B.grad.m);
  }
  return found;
}

Section section(const ScoreTable& table) {
  Section section = section_of(table);
  section.remarks.push_back(
      "Difference to p = 0 in points, paired over base seed and seed, with its 95 % interval.");
  section.table = {{"dropout p", "score", "difference", "nll", "train nll"}};
  if (const Runs* runs = table.find("frozen"))
    section.table.push_back({"frozen", score_text(runs), "-", nll_text(runs), "-"});
  for (const double p : probabilities) {
    const Runs* runs = table.find(row_name(p));
    if (runs == nullptr) continue;
    section.table.push_back({fmt::format("{}", p), score_text(runs),
                             difference_text(table, row_name(p), row_name(0)), nll_text(runs),
                             fmt::format("{:.3f}", mean(values(*runs, further("train_nll"))))});
  }
  return section;
}

Section first_step_section(const std::vector<FirstStep>& steps, const std::string& task) {
  Section section{fmt::format("{}: the first step, on one batch of 32", task), {}, {}};
  section.table = {{"dropout p", "loss", "largest |dA|", "norm of dB", "change of dB"}};
  for (const FirstStep& step : steps)
    section.table.push_back({fmt::format("{}", step.p), fmt::format("{:.6f}", step.loss),
                             fmt::format("{:g}", step.largest_dA),
                             fmt::format("{:.4f}", step.norm_dB),
                             fmt::format("{:.3f}", step.dB_change)});
  return section;
}

Report read(const Results& results, Lab& lab) {
  const Settings& settings = lab.settings;
  Report report{"Dropout on the input of A"};
  for (const ScoreTable& table : score_tables(results.all, row_of))
    report.sections.push_back(section(table));
  for (const data::Task& task : settings.tasks) {
    const Cell cell = lora_cell(task_cell(settings, task, settings.base_seeds.front(), 1), settings,
                                {"q", "v"}, 4);
    lab.bases.prepare(cell);
    report.sections.push_back(
        first_step_section(first_steps(lab.bases.of(cell), cell, probabilities), cell.task));
  }
  report.notes = {
      "The learning rate was searched at p = 0 and is used for all p. At the first step B = 0: the "
      "loss does not see p, dA is exactly zero, and dB changes with p."};
  return report;
}

}  // namespace

std::vector<FirstStep> first_steps(const Base& base, const Cell& cell,
                                   const std::vector<double>& probabilities) {
  const auto with = [&](double p) {
    Cell dropped = cell;
    dropped.dropout = p;
    return first_gradients(base, dropped);
  };
  const Gradients without = with(0);
  std::vector<FirstStep> steps;
  for (const double p : probabilities) {
    const Gradients found = with(p);
    double largest = 0, squares = 0, change = 0, reference = 0;
    for (std::size_t i = 0; i < found.dA.size(); ++i) {
      largest = std::max(largest, static_cast<double>(found.dA[i].cwiseAbs().maxCoeff()));
      squares += static_cast<double>(found.dB[i].squaredNorm());
      change += static_cast<double>((found.dB[i] - without.dB[i]).squaredNorm());
      reference += static_cast<double>(without.dB[i].squaredNorm());
    }
    steps.push_back({p, found.loss, largest, std::sqrt(squares), std::sqrt(change / reference)});
  }
  return steps;
}

Experiment experiment() {
  return {.name = "dropout",
          .question = "does dropout on LoRA's input matter when B starts at zero?",
          .cells = cells,
          .read = read};
}

}  // namespace experiments::beyond::dropout
