#include "experiments/beyond/planted.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/beyond/known_rank_student.h"
#include "experiments/evidence/score_table.h"

namespace experiments::beyond::planted {
namespace {

using WeightSets = std::vector<std::vector<std::string>>;

std::vector<int> planted_ranks(Preset preset) {
  if (preset == Preset::smoke) return {2};
  if (preset == Preset::quick) return {1, 4};
  return {1, 2, 4, 8};
}

std::vector<int> ranks(Preset preset) {
  if (preset == Preset::smoke) return {1, 2, 16};
  if (preset == Preset::quick) return {1, 2, 4, 16};
  return {1, 2, 4, 8, 16};
}

std::string row_of(const Cell& cell) {
  return weights_row_name(weight_set(cell.targets), cell.rank);
}

// A student of the teacher that the repetition, the task and r* name. Its scale is 1 at every rank,
// as that of known-rank's student of rank 16, so that a direction is learned alike at all of them.
Cell student(const Settings& settings, const Repetition& repetition, const char* task,
             int true_rank, const std::vector<std::string>& targets, int rank) {
  const int steps = settings.preset == Preset::smoke ? 60 : StudentOptions().steps;
  return {.task = task,
          .method = "student",
          .size = true_rank,
          .targets = targets,
          .rank = rank,
          .alpha = static_cast<double>(rank),
          .scaling = "alpha/r",
          .seed = repetition.second,
          .base_seed = repetition.first,
          .lr = StudentOptions().lr,
          .steps = steps,
          .examples = StudentOptions().batch * steps};
}

// {q,v} at all ranks. Other weight sets where r* is one_plant: in full at all ranks, else at one, in
// quick {q} alone.
std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells;
  const Preset preset = settings.preset;
  const std::vector<int> all = ranks(preset);
  const std::vector<int> some = preset == Preset::full ? all : std::vector<int>{rank_of_sets};
  const WeightSets of_one{{"q"}, {"q", "v"}};
  const WeightSets others =
      preset == Preset::quick ? of_one : WeightSets{{"q"}, {"v"}, {"q", "k", "v", "o"}};
  for (const Repetition& repetition : base_and_seeds(settings)) {
    const auto add = [&](const char* task, int true_rank, const WeightSets& sets,
                         const std::vector<int>& ranks) {
      for (const auto& targets : sets)
        for (const int rank : ranks)
          cells.push_back(student(settings, repetition, task, true_rank, targets, rank));
    };
    for (const int true_rank : planted_ranks(preset)) {
      add(in_q_and_v, true_rank, {{"q", "v"}}, all);
      if (true_rank == one_plant) add(in_q_and_v, true_rank, others, some);
    }
    for (const char* task : {in_q, in_v}) add(task, one_plant, of_one, {rank_of_sets});
  }
  return cells;
}

std::string text_of(const ByRepetition& each, int decimals = 2) {
  return mean_and_sd(values(each), decimals);
}

// What the student of the largest rank on {q,v} shows of the plant.
constexpr const char* of_directions[] = {"phi_true",  "phi_seen",     "phi_ranks",
                                         "phi_first", "log_position", "log_position_true",
                                         "factor",    "factor_true",  "size"};

// A line for each weight set, a column for each rank.
Section scores_section(const ScoreTable& scores, int true_rank) {
  Section section = section_of(scores);
  section.title = fmt::format("{}, r* = {}: gap closed in %", scores.task, true_rank);
  std::set<std::pair<std::size_t, std::string>> sets;
  std::set<int> ranks;
  for (const auto& [row, runs] : scores.rows) {
    const Cell& cell = runs.begin()->second.cell;
    sets.insert({cell.targets.size(), weight_set(cell.targets)});
    ranks.insert(cell.rank);
  }
  section.table = {{"adapted"}};
  for (const int rank : ranks)
    section.table.front().push_back(
        fmt::format("r = {}{}", rank, rank == true_rank ? " = r*" : ""));
  for (const auto& [size, weights] : sets) {
    section.table.push_back({weights});
    for (const int rank : ranks)
      section.table.back().push_back(score_text(scores.find(weights_row_name(weights, rank))));
  }
  return section;
}

Section directions_section(const std::vector<CellResult>& results) {
  const int R = largest_rank(results);
  Section section;
  section.title = fmt::format("planted in q,v: directions of ΔW on q,v at r = {}", R);
  section.remarks = {
      "φ is corrected for chance, of right-singular vectors. Log-position: 0 where directions meet W "
      "as random ones do, 1 where they are W's first. Factor: ‖ΔW‖ / ‖UᵀWV‖. Means over matrices."};
  section.table = {{"r*", "φ(r*,r*) with the plant", "of ΔW C^½",
                    fmt::format("φ(r*,r*) of r = 8 and {}", R),
                    fmt::format("φ(1,1) of r = 8 and {}", R), "log-position", "of the plant",
                    "factor", "of the plant", "‖ΔW‖/‖W‖"}};
  for (const int true_rank : planted_in(results, in_q_and_v)) {
    const auto plant = of_plant(results, in_q_and_v, true_rank);
    std::vector<std::string> row{std::to_string(true_rank)};
    for (const char* name : of_directions)
      row.push_back(text_of(measured(plant, "q,v", R, over_matrices(name))));
    section.table.push_back(row);
  }
  return section;
}

// Means of all cells, for the figure. gnuplot takes a comma for the end of a field, in quotes too.
Csv scores_csv(const std::vector<CellResult>& results) {
  Csv csv({"planted", "true_rank", "weights", "rank", "score", "sd", "left"});
  const auto plain = [](std::string text) {
    std::replace(text.begin(), text.end(), ',', '+');
    return text.substr(text.rfind(' ') + 1);
  };
  for (const char* task : {in_q_and_v, in_q, in_v})
    for (const int true_rank : planted_in(results, task))
      for (const ScoreTable& table : score_tables(of_plant(results, task, true_rank), row_of))
        for (const auto& [row, runs] : table.rows) {
          const Cell& cell = runs.begin()->second.cell;
          const Summary all = summary(runs);
          const std::vector<double> left = values(runs, [](const CellResult& result) {
            return result.nll / result.more.at("kl_start");
          });
          csv.row(plain(task), true_rank, plain(weight_set(cell.targets)), cell.rank, all.mean,
                  all.sd, mean(left));
        }
  return csv;
}

// A line for each repetition: the student of the largest rank on {q,v} beside what was planted.
Csv directions_csv(const std::vector<CellResult>& results) {
  std::vector<std::string> head{"true_rank", "base_seed", "seed"};
  head.insert(head.end(), std::begin(of_directions), std::end(of_directions));
  Csv csv(head);
  const int R = largest_rank(results);
  for (const CellResult& result : results) {
    const Cell& cell = result.cell;
    if (cell.task != in_q_and_v || cell.rank != R || weight_set(cell.targets) != "q,v") continue;
    std::vector<std::string> row{std::to_string(cell.size), std::to_string(cell.base_seed),
                                 std::to_string(cell.seed)};
    for (const char* name : of_directions) row.push_back(Csv::field(over_matrices(name)(result)));
    csv.add(row);
  }
  return csv;
}

Report read(const Results& results, Lab&) {
  const std::vector<CellResult> grid = asked_for(results);
  Report report{"Table 6, Figure 3 and Table 7 where the answer is known"};
  report.remarks = {
      "A change of rank r* was added to the base's weights, ‖ΔW‖ = ‖W‖ / 10, along r* of W's "
      "singular pairs 5 to 20; students learn to say what this teacher says. The gap is the KL "
      "between teacher and base."};
  for (const char* task : {in_q_and_v, in_v, in_q})
    for (const int true_rank : planted_in(grid, task))
      for (const ScoreTable& table : score_tables(of_plant(grid, task, true_rank), row_of))
        report.sections.push_back(scores_section(table, true_rank));
  report.sections.push_back(directions_section(grid));
  report.notes = {"One learning rate and one number of steps for all students."};
  report.data = scores_csv(grid);
  report.more_data["directions"] = directions_csv(grid);
  return report;
}

}  // namespace

Experiment experiment() {
  return {
      .name = "planted",
      .question = "Table 6, Figure 3 and Table 7 on a planted change, whose rank is known",
      .cells = cells,
      .read = read,
      .findings = [](const Results& results) { return std::vector{finding(asked_for(results))}; },
      .train = train,
      .without = {{"--tasks", "its students learn from a teacher, not a task"},
                  {"--facts", "its students learn from a teacher, not a task"}}};
}

}  // namespace experiments::beyond::planted
