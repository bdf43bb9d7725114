#include "experiments/beyond/known_rank_experiment.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experiments/evidence/paired.h"
#include "nn/files/numbers.h"

namespace experiments::beyond::known_rank_experiment {

namespace {

std::vector<int> planted_ranks(Preset preset) {  // 0, the control: nothing is planted
  if (preset == Preset::smoke) return {0, 2};
  if (preset == Preset::full) return {0, 1, 2, 3, 4, 6, 8};
  return {0, 2, 4};
}

int seeds_of(const Settings& settings) {
  if (settings.seeds_given || settings.preset == Preset::full) return settings.seeds;
  return settings.preset == Preset::smoke ? 1 : 2;
}

KnownRankOptions options_of(const Cell& cell, Preset preset) {
  KnownRankOptions options = known_rank_preset(preset);
  options.teacher.true_rank = cell.size;
  options.teacher.seed = options.student.seed = cell.seed;
  options.student.rank = cell.rank;
  options.student.alpha = cell.alpha;
  options.student.steps = cell.steps;
  options.student.lr = cell.lr;
  return options;
}

// A teacher, by the student that is analysed.
Cell teacher_cell(int planted, std::uint64_t seed, std::uint64_t base_seed, Preset preset) {
  const StudentOptions student = known_rank_preset(preset).student;
  return {.task = "uniform",
          .method = "student",
          .size = planted,
          .targets = {"v"},
          .rank = student.rank,
          .alpha = student.alpha,
          .scaling = "alpha/r",
          .seed = seed,
          .base_seed = base_seed,
          .lr = student.lr,
          .steps = student.steps,
          .examples = student.batch * student.steps};
}

std::vector<Cell> known_rank_cells(const Settings& settings) {
  std::vector<Cell> cells;
  for (const int planted : planted_ranks(settings.preset))
    for (int seed = 1; seed <= seeds_of(settings); ++seed)
      cells.push_back(teacher_cell(planted, static_cast<std::uint64_t>(seed),
                                   settings.base_seeds.front(), settings.preset));
  return cells;
}

// From what its teacher's students showed.
CellResult result_of(const Cell& cell, const KnownRankResult& found) {
  CellResult result;
  result.cell = cell;
  result.metric = "rank_found";
  result.value = found.estimated_rank() == cell.size ? 1 : 0;
  result.nll = found.analysed.end;
  auto& more = result.more;
  const auto set = [&](const char* what, long index, double value) {
    more[fmt::format("{}.{}", what, index)] = value;
  };
  for (const StudentLoss& loss : found.losses)
    if (loss.start > 0) set("kl_left", loss.rank, loss.end / loss.start);
  const Recovery& matrix = found.matrices.at(0);
  for (lora::Index i = 0; i < matrix.true_sigma.size(); ++i)
    set("sigma_true", i + 1, matrix.true_sigma(i));
  for (lora::Index i = 0; i < matrix.sigma.size(); ++i) set("sigma", i + 1, matrix.sigma(i));
  more["estimated_rank"] = found.estimated_rank();
  if (const auto knee = found.knee()) more["knee"] = *knee;
  if (matrix.true_ladder) more["amplification_true"] = matrix.true_ladder->factor();
  if (matrix.student_ladder) more["amplification"] = matrix.student_ladder->factor();
  if (matrix.amplification) {
    more["amplification_low"] = matrix.amplification->low;
    more["amplification_high"] = matrix.amplification->high;
  }
  return result;
}

CellResult train_students(const Lab& lab, const Cell& cell, const std::atomic<bool>& stop) {
  const KnownRankOptions options = options_of(cell, lab.settings.preset);
  return result_of(cell, known_rank(lab.bases.of(cell), options, stop));
}

// "sigma.12" -> {"sigma", 12}; "knee" -> {"knee", 0}.
std::pair<std::string, long> split_index(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return {name, 0};
  return {name.substr(0, dot), nn::read_whole(name.substr(dot + 1)).value_or(0)};
}

Csv known_rank_csv(const std::vector<CellResult>& results) {
  Csv csv({"true_rank", "seed", "what", "index", "value"});
  for (const CellResult& result : results) {
    std::map<std::pair<std::string, long>, double> sorted;
    for (const auto& [name, value] : result.more) sorted[split_index(name)] = value;
    for (const auto& [name, value] : sorted)
      csv.row(result.cell.size, result.cell.seed, name.first, name.second, value);
  }
  return csv;
}

// A row per teacher: what was planted and what was found.
PlainTable known_rank_table(const std::vector<CellResult>& results) {
  PlainTable table{{"r*", "seed", "estimated rank", "knee of the loss", "amplification planted",
                    "recovered", "its interval"}};
  std::map<std::pair<int, std::uint64_t>, const CellResult*> teachers;
  for (const CellResult& result : results) teachers[{result.cell.size, result.cell.seed}] = &result;
  for (const auto& [teacher, result] : teachers) {
    const auto number = [&, found = &result->more](const char* what, int decimals) {
      const auto at = found->find(what);
      return at == found->end() ? "-" : fmt::format("{:.{}f}", at->second, decimals);
    };
    const std::string interval = result->more.contains("amplification_low")
                                     ? fmt::format("{} to {}", number("amplification_low", 2),
                                                   number("amplification_high", 2))
                                     : "-";
    table.push_back({std::to_string(teacher.first), std::to_string(teacher.second),
                     number("estimated_rank", 0), number("knee", 0),
                     number("amplification_true", 2), number("amplification", 2), interval});
  }
  return table;
}

Report read_known_rank(const Results& results, Lab&) {
  Report report{"Known rank: does the analysis find what was planted?"};
  report.remarks = {
      "A change of rank r* was planted in v of the last block; a student of higher rank learned to "
      "say what the teacher says. The paper has no such control."};
  report.sections = {{"", {}, known_rank_table(results.all)}};
  report.data = known_rank_csv(results.all);
  return report;
}

}  // namespace

Experiment experiment() {
  return {
      .name = "known-rank",
      .question = "does the analysis of ΔW find a planted change of known rank?",
      .cells = known_rank_cells,
      .read = read_known_rank,
      .train = train_students,
      .configuration =
          [](const Settings& settings) {
            const KnownRankOptions one = known_rank_preset(settings.preset);
            return nlohmann::json{{"ranks", one.ranks}, {"steps_of_others", one.steps_of_others}};
          },
      .without = {{"--tasks", "its students learn from a teacher, not a task"},
                  {"--facts", "its students learn from a teacher, not a task"}}};
}

}  // namespace experiments::beyond::known_rank_experiment
