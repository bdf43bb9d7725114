#include "experiments/beyond/adam_alpha.h"

#include <fmt/format.h>

#include "experiments/evidence/score_table.h"

namespace experiments::beyond::adam_alpha {
namespace {

constexpr int rank = 4;
const std::vector<std::string> targets{"q", "v"};

struct AlphaGrid {
  std::vector<double> alphas, adam_rates, sgd_rates;
};

AlphaGrid alpha_grid(Preset preset) {
  if (preset == Preset::full)
    return {
        {0.5, 2, 8, 32, 128}, {0.000625, 0.0025, 0.01, 0.04, 0.16}, {0.0125, 0.05, 0.2, 0.8, 3.2}};
  if (preset == Preset::smoke) return {{2, 8}, {0.0025, 0.04}, {0.05, 0.8}};
  return {{2, 8, 32}, {0.0025, 0.01, 0.04, 0.16}, {0.05, 0.2, 0.8, 3.2}};
}

std::string row_name(const std::string& optimizer, double alpha, double lr) {
  return fmt::format("{} alpha={} lr={}", optimizer, alpha, lr);
}

std::string row_of(const Cell& cell) {
  return cell.method == "lora" ? row_name(cell.optimizer, cell.alpha, cell.lr) : cell.method;
}

std::vector<Cell> cells(const Settings& options) {
  const AlphaGrid grid = alpha_grid(options.preset);
  std::vector<Cell> cells;
  for (const Cell& repetition : repetitions(options)) {
    cells.push_back(frozen(repetition));
    for (const char* optimizer : {"adamw", "sgd"})
      for (const double alpha : grid.alphas)
        for (const double lr : optimizer == std::string("sgd") ? grid.sgd_rates : grid.adam_rates) {
          Cell cell = lora_cell(repetition, options, targets, rank);
          cell.optimizer = optimizer;
          cell.alpha = alpha;
          cell.lr = lr;
          cells.push_back(cell);
        }
  }
  return cells;
}

Section grid_section(const ScoreTable& table, const std::string& optimizer, const AlphaGrid& grid) {
  Section section = section_of(table);
  section.title += fmt::format(", {}", optimizer == "sgd" ? "SGD" : "Adam");
  section.remarks.push_back(fmt::format("The frozen base: {}.", score_text(table.find("frozen"))));
  const auto& rates = optimizer == "sgd" ? grid.sgd_rates : grid.adam_rates;
  section.table = {{"alpha"}};
  for (const double lr : rates) section.table.front().push_back(fmt::format("lr {}", lr));
  for (const double alpha : grid.alphas) {
    std::vector<std::string> row{fmt::format("{}", alpha)};
    for (const double lr : rates)
      row.push_back(score_text(table.find(row_name(optimizer, alpha, lr))));
    section.table.push_back(row);
  }
  return section;
}

struct StepRow {
  std::string optimizer;
  lora::Scaling scaling;
  std::vector<std::pair<int, double>> change_by_rank;  // a mean over draws of A and batches
};

std::vector<StepRow> step_rows(const Base& base, const Settings& options) {
  constexpr int draws = 5;
  std::vector<StepRow> rows;
  for (const char* optimizer : {"sgd", "adamw"}) {
    for (const auto scaling : {lora::Scaling::alpha_over_r, lora::Scaling::alpha_over_sqrt_r}) {
      StepRow row{optimizer, scaling, {}};
      for (const int r : {1, 2, 4, 8, 16, 32, 64}) {
        std::vector<double> changes;
        for (std::uint64_t seed = 1; seed <= draws; ++seed) {
          Cell cell =
              lora_cell(task_cell(options, options.tasks.front(), options.base_seeds.front(), seed),
                        options, targets, r);
          cell.optimizer = optimizer;
          cell.scaling = lora::to_string(scaling);
          changes.push_back(first_step_change(base, cell, 1e-3));
        }
        row.change_by_rank.emplace_back(r, mean(changes));
      }
      rows.push_back(row);
    }
  }
  return rows;
}

Section step_section(const std::vector<StepRow>& rows) {
  Section section{
      "The first step: change of the logits against r, as a multiple of that at r = 1",
      {"Root mean square, one step at lr 0.001 without clipping, mean over 5 draws. The exponents "
       "are slopes of log(change) over log(r), over all r and over r >= 8; expected for large r "
       "are those of gamma^2 r (SGD) and gamma r (Adam)."},
      {}};
  section.table = {{"optimizer", "scale"}};
  for (const auto& [r, change] : rows.front().change_by_rank)
    section.table.front().push_back(fmt::format("r = {}", r));
  section.table.front().insert(section.table.front().end(), {"all r", "r >= 8", "expected"});
  for (const StepRow& row : rows) {
    std::vector<std::string> texts{row.optimizer, lora::to_string(row.scaling)};
    std::vector<std::pair<int, double>> large;
    for (const auto& [r, change] : row.change_by_rank) {
      texts.push_back(fmt::format("{:.2f}", change / row.change_by_rank.front().second));
      if (r >= 8) large.emplace_back(r, change);
    }
    texts.push_back(fmt::format("{:+.2f}", exponent(row.change_by_rank)));
    texts.push_back(fmt::format("{:+.2f}", exponent(large)));
    texts.push_back(fmt::format("{:+.1f}", expected_exponent(row.optimizer, row.scaling)));
    section.table.push_back(texts);
  }
  return section;
}

Csv step_csv(const std::vector<StepRow>& rows) {
  Csv csv({"optimizer", "scaling", "rank", "change"});
  for (const StepRow& row : rows)
    for (const auto& [r, change] : row.change_by_rank)
      csv.row(row.optimizer, lora::to_string(row.scaling), r, change);
  return csv;
}

Section invariance_section(const Base& base, const Cell& cell) {
  Section section{"Adam without epsilon: alpha/(p q), p A, q B, rates p lr for A and q lr for B",
                  {"Ten steps on one batch, against the run with p = q = 1."},
                  {}};
  section.table = {{"p", "q", "rates", "same bits", "largest change of a logit"}};
  struct Case {
    double p, q;
    bool rates;
  };
  for (const Case& c : {Case{4, 0.5, true}, {0.125, 2, true}, {3, 1, true}, {4, 0.5, false}}) {
    const Invariance found = alpha_invariance(base, cell, c.p, c.q, c.rates);
    section.table.push_back({fmt::format("{}", c.p), fmt::format("{}", c.q),
                             c.rates ? "scaled" : "not scaled", found.same_bits ? "yes" : "no",
                             fmt::format("{:.2g}", found.largest_difference)});
  }
  return section;
}

Report read(const Results& results, Lab& lab) {
  const Settings& settings = lab.settings;
  Report report{"Alpha and the learning rate"};
  for (const ScoreTable& table : score_tables(results.all, row_of))
    for (const char* optimizer : {"adamw", "sgd"})
      report.sections.push_back(grid_section(table, optimizer, alpha_grid(settings.preset)));
  const Cell cell = lora_cell(repetitions(settings).front(), settings, targets, rank);
  lab.bases.prepare(cell);
  const std::vector<StepRow> steps = step_rows(lab.bases.of(cell), settings);
  report.sections.push_back(step_section(steps));
  report.sections.push_back(invariance_section(lab.bases.of(cell), cell));
  report.notes = {
      "The same bits are expected where p and q are powers of two and the rates are scaled, and "
      "nowhere else."};
  report.more_data["first-step"] = step_csv(steps);
  return report;
}

}  // namespace

Experiment experiment() {
  return {.name = "adam-alpha",
          .question = "alpha against the learning rate, under Adam and under SGD",
          .cells = cells,
          .read = read,
          .one_task = true};
}

}  // namespace experiments::beyond::adam_alpha
