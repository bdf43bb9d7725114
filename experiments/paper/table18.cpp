#include "experiments/paper/table18.h"

#include <fmt/format.h>

#include <limits>

#include "experiments/evidence/score_table.h"
#include "experiments/paper/numbers.h"
#include "experiments/training/task_score.h"

namespace experiments::paper::table18 {
namespace {

constexpr const char* validation_nll = "validation_nll";

struct PaperRow18 {
  int rank;
  double loss, bleu;
};
// GPT-2 medium on E2E after 26 000 steps; d = 1024.
constexpr PaperRow18 paper[] = {{1, 1.23, 68.72},   {2, 1.21, 69.17},   {4, 1.18, 70.38},
                                {8, 1.17, 69.57},   {16, 1.16, 69.61},  {32, 1.16, 69.33},
                                {64, 1.16, 69.24},  {128, 1.16, 68.73}, {256, 1.16, 68.92},
                                {512, 1.16, 68.78}, {1024, 1.17, 69.37}};

std::vector<Cell> cells(const Settings& options) {
  return frozen_full_and_lora(options, {"q", "v"}, options.ranks_or(ranks(options.preset)));
}

void measure_validation_loss(const Lab&, nn::Model& trained, CellResult& result) {
  const data::Task& task = data::parse_task(result.cell.task);
  const auto examples =
      data::validation_set(task, task_options(result.cell), result.cell.seed_of_data());
  result.more[validation_nll] = score_task_or_nan(trained, examples).nll;
}

Section section(const ScoreTable& table, const std::vector<int>& ranks) {
  Section section = section_of(table);
  section.table = {{"r", "trained", "validation nll", "test nll", "score"}};
  const auto add = [&](const std::string& label, const Runs* runs) {
    if (runs == nullptr) return;
    section.table.push_back({label, std::to_string(summary(*runs).trainable),
                             mean_and_sd(values(*runs, further(validation_nll)), 3), nll_text(runs),
                             score_text(runs)});
  };
  add("frozen", table.find("frozen"));
  for (const int rank : ranks) add(std::to_string(rank), table.find(rank_row_name(rank)));
  add("full", table.find("full"));
  return section;
}

Section paper_section() {
  Section section{
      "The paper: GPT-2 medium on E2E, d = 1024", {}, {{"r", "validation loss", "BLEU"}}};
  for (const PaperRow18& row : paper)
    section.table.push_back({std::to_string(row.rank), fmt::format("{:.2f}", row.loss),
                             fmt::format("{:.2f}", row.bleu)});
  return section;
}

Report read(const Results& results, Lab& lab) {
  Report report{"Table 18 on toy tasks"};
  for (const ScoreTable& table : score_tables(results.all, rank_row_of))
    report.sections.push_back(section(table, lab.settings.ranks_or(ranks(lab.settings.preset))));
  report.sections.push_back(paper_section());
  report.notes = {
      "The paper's numbers: Hu et al. 2021, Table 18; some of its hyper-parameters were tuned at r "
      "= 4."};
  return report;
}

}  // namespace

std::vector<int> ranks(Preset preset) {
  if (preset == Preset::full) return {1, 2, 4, 8, 16, 32, 64};
  return {1, 4, 16, 64};
}

// Said beside the second part: where the loss is lowest, and so whether it rises again.
static std::string lowest_text(const ScoreTable& table) {
  std::string text;
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& [row, runs] : table.rows) {
    if (!row.starts_with("r=")) continue;
    const double loss = mean(values(runs, further(validation_nll)));
    if (!(loss < lowest)) continue;
    lowest = loss;
    text = fmt::format("lowest mean loss at {}", row);
  }
  return text;
}

static std::vector<CellResult> paper_results() {
  std::vector<CellResult> results;
  for (const PaperRow18& row : paper) {
    results.push_back(printed("E2E", {"q", "v"}, row.rank, 0));
    results.back().more[validation_nll] = row.loss;
  }
  return results;
}

static Finding finding_of(const std::vector<CellResult>& results) {
  Finding finding{"F7",
                  "the loss falls with r, then it is flat (Table 18)",
                  "./run table18",
                  {},
                  trained_cells(results)};
  const Measured loss = further(validation_nll);
  for (const ScoreTable& table : score_tables(results, rank_row_of)) {
    Contrast falls;
    falls.unit = "nats";
    falls.text = "validation loss at r = 1 minus at r = 4; holds above 0 nats";
    falls.note =
        "The models of r = 1 are among those of r = 4: one that is trained as well loses no more.";
    finding.parts.push_back(
        {"the loss falls with r at first", table.task,
         linear_contrast(table, {{rank_row_name(1)}, {rank_row_name(4), -1}}, falls, loss)});
    Contrast flat;
    flat.unit = "nats";
    flat.holds_above = false;
    flat.note = lowest_text(table);
    flat.text =
        "the fall of the loss from r = 16 to 64 minus a quarter of that from r = 1 to 4; holds "
        "below 0 nats";
    finding.parts.push_back({"then it is flat", table.task,
                             linear_contrast(table,
                                             {{rank_row_name(16)},
                                              {rank_row_name(64), -1},
                                              {rank_row_name(1), -0.25},
                                              {rank_row_name(4), 0.25}},
                                             flat, loss)});
  }
  return finding;
}

std::vector<Finding> findings(const std::vector<CellResult>& results) {
  return {beside_paper(finding_of(results), finding_of(paper_results()))};
}

Experiment experiment() {
  return {.name = "table18",
          .question = "the paper's Table 18: validation loss and quality against r, up to d",
          .cells = cells,
          .read = read,
          .findings = [](const Results& results) { return findings(results.all); },
          .look = measure_validation_loss,
          .listens = {"--ranks"}};
}

}  // namespace experiments::paper::table18
