#include "experiments/beyond/known_rank_experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "experiments/beyond/known_rank_kinds.h"
#include "experiments/evidence/paired.h"
#include "nn/files/numbers.h"

namespace experiments::beyond::known_rank_experiment {

namespace {

int seeds_of(const Settings& settings) {
  if (settings.seeds_given) return settings.seeds;
  if (settings.preset == Preset::full) return 5;
  return settings.preset == Preset::smoke ? 1 : 2;
}

// A teacher, by the student that is analysed.
Cell teacher_cell(const TeacherKind& kind, int planted, std::uint64_t seed,
                  const Settings& settings) {
  const StudentOptions student = known_rank_preset(settings.preset).student;
  return {.task = kind.name,
          .method = "student",
          .size = planted,
          .targets = kind.targets,
          .rank = student.rank,
          .alpha = student.alpha,
          .scaling = "alpha/r",
          .seed = seed,
          .base_seed = settings.base_seeds.front(),
          .lr = student.lr,
          .steps = student.steps,
          .examples = student.batch * student.steps};
}

std::vector<Cell> known_rank_cells(const Settings& settings) {
  std::vector<Cell> cells;
  for (const TeacherKind& kind : teacher_kinds())
    for (const int planted : kind.planted(settings.preset))
      for (int seed = 1; seed <= seeds_of(settings); ++seed)
        cells.push_back(teacher_cell(kind, planted, static_cast<std::uint64_t>(seed), settings));
  return cells;
}

CellResult train_students(const Lab& lab, const Cell& cell, const std::atomic<bool>& stop) {
  return result_of(
      cell, known_rank(lab.bases.of(cell), options_of_teacher(cell, lab.settings.preset), stop));
}

// "sigma.12" -> {"sigma", 12}; "knee" -> {"knee", 0}.
std::pair<std::string, long> split_index(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return {name, 0};
  return {name.substr(0, dot), nn::read_whole(name.substr(dot + 1)).value_or(0)};
}

Csv known_rank_csv(const std::vector<CellResult>& results) {
  Csv csv({"teacher", "true_rank", "seed", "what", "index", "value"});
  for (const CellResult& result : results) {
    std::map<std::pair<std::string, long>, double> sorted;
    for (const auto& [name, value] : result.more) sorted[split_index(name)] = value;
    for (const auto& [name, value] : sorted)
      csv.row(result.cell.task, result.cell.size, result.cell.seed, name.first, name.second, value);
  }
  return csv;
}

// The planted or the estimated ranks of all matrices: "2, 1, -, 1".
std::string ranks_text(const CellResult& result, const char* what) {
  std::vector<std::string> ranks;
  for (int i = 1; result.more.contains(fmt::format("planted.{}", i)); ++i) {
    const auto rank = result.more.find(fmt::format("{}.{}", what, i));
    ranks.push_back(rank == result.more.end() ? "-" : fmt::format("{:.0f}", rank->second));
  }
  return fmt::format("{}", fmt::join(ranks, ", "));
}

std::string percent_text(double fraction) { return fmt::format("{:.2f} %", 100 * fraction); }

using ByTeacher = std::map<std::pair<std::size_t, int>, std::vector<CellResult>>;

// By kind, in the order of the kinds, and r*.
ByTeacher by_teacher(const std::vector<CellResult>& results) {
  std::map<std::string, std::size_t> place;
  for (const TeacherKind& kind : teacher_kinds()) place.emplace(kind.name, place.size());
  ByTeacher teachers;
  for (const CellResult& result : results)
    teachers[{place.at(result.cell.task), result.cell.size}].push_back(result);
  return teachers;
}

// A row per teacher: what was planted and what was found.
PlainTable teachers_table(const ByTeacher& teachers) {
  PlainTable table{{"teacher", "r*", "seed", "loss left", "planted", "estimated", "knee",
                    "amplification planted", "recovered", "its interval"}};
  for (const auto& [teacher, results] : teachers)
    for (const CellResult& result : results) {
      const auto number = [&](const char* what, int decimals) {
        const auto at = result.more.find(what);
        return at == result.more.end() ? "-" : fmt::format("{:.{}f}", at->second, decimals);
      };
      const std::string interval = result.more.contains("amplification_low")
                                       ? fmt::format("{} to {}", number("amplification_low", 2),
                                                     number("amplification_high", 2))
                                       : "-";
      table.push_back({result.cell.task, std::to_string(result.cell.size),
                       std::to_string(result.cell.seed), percent_text(result.more.at("loss_left")),
                       ranks_text(result, "planted"), ranks_text(result, "estimated"),
                       number("knee", 0), number("amplification_true", 2),
                       number("amplification", 2), interval});
    }
  return table;
}

// A row per kind and r*: where the reading holds, where it fails, and where it says nothing.
PlainTable readings_table(const ByTeacher& teachers) {
  PlainTable table{{"teacher", "r*", "teachers", "most loss left", "ranks right", "wrong", "none"}};
  for (const auto& [teacher, results] : teachers) {
    double most = 0;
    for (const CellResult& result : results) most = std::max(most, result.more.at("loss_left"));
    const Readings found = readings(results);
    table.push_back({results.front().cell.task, std::to_string(teacher.second),
                     std::to_string(results.size()), percent_text(most),
                     std::to_string(found.right), std::to_string(found.wrong),
                     std::to_string(found.none)});
  }
  return table;
}

Report read_known_rank(const Results& results, Lab&) {
  const std::vector<CellResult> asked = asked_for(results);
  const ByTeacher teachers = by_teacher(asked);
  const RankRule rule;
  Report report{"Known rank: does the analysis find what was planted?"};
  report.remarks = {
      "A change of rank r* was planted in v of the last block; a student of higher rank learned to "
      "say what the teacher says. In `several` every q and v has one, in `mlp` the MLP, which no "
      "student adapts, and `noise` is a random change of full rank: no low rank is right there. The "
      "paper has no such control.",
      fmt::format(
          "A rank is read where at most {} of the loss is left and the spectrum has a gap of "
          "{} where it is cut. Otherwise there is none, \"-\".",
          percent_text(rule.most_left), rule.least_gap)};
  report.sections = {{"Ranks by matrix", {}, readings_table(teachers)},
                     {"Teachers", {}, teachers_table(teachers)}};
  if (const Coverage found = coverage(asked); found.intervals > 0) {
    const Interval share = exact_interval(found.held, found.intervals);
    report.notes = {
        fmt::format("{} of {} intervals for the amplification factor hold the true one "
                    "[{:.0f}, {:.0f}] %.",
                    found.held, found.intervals, 100 * share.low, 100 * share.high)};
  }
  report.data = known_rank_csv(asked);
  return report;
}

}  // namespace

CellResult result_of(const Cell& cell, const KnownRankResult& found) {
  CellResult result;
  result.cell = cell;
  result.metric = "rank_found";
  result.value = 1;
  result.nll = found.analysed.end;
  auto& more = result.more;
  const auto set = [&](const char* what, long index, double value) {
    more[fmt::format("{}.{}", what, index)] = value;
  };
  for (const StudentLoss& loss : found.losses)
    if (loss.start > 0) set("kl_left", loss.rank, loss.left());
  for (std::size_t i = 0; i < found.matrices.size(); ++i) {
    const Recovery& matrix = found.matrices[i];
    const auto which = static_cast<long>(i) + 1;
    set("planted", which, matrix.true_rank);
    if (matrix.estimated.rank) set("estimated", which, *matrix.estimated.rank);
    if (!matrix.is_right()) result.value = 0;
  }
  const Recovery& matrix = found.matrices.at(0);
  for (lora::Index i = 0; i < matrix.true_sigma.size(); ++i)
    set("sigma_true", i + 1, matrix.true_sigma(i));
  for (lora::Index i = 0; i < matrix.sigma.size(); ++i) set("sigma", i + 1, matrix.sigma(i));
  for (lora::Index i = 1; i <= matrix.inputs.size(); i *= 2)
    set("inputs", i, lora::energy_within(matrix.inputs, i));
  more["loss_left"] = found.analysed.left();
  if (const auto knee = found.knee(); knee && !found.losses.empty()) more["knee"] = *knee;
  if (matrix.true_ladder) more["amplification_true"] = matrix.true_ladder->factor();
  if (matrix.student_ladder) more["amplification"] = matrix.student_ladder->factor();
  if (matrix.amplification) {
    more["amplification_low"] = matrix.amplification->low;
    more["amplification_high"] = matrix.amplification->high;
  }
  return result;
}

Readings readings(const std::vector<CellResult>& results) {
  Readings found;
  for (const CellResult& result : results)
    for (int i = 1; result.more.contains(fmt::format("planted.{}", i)); ++i) {
      const auto rank = result.more.find(fmt::format("estimated.{}", i));
      if (rank == result.more.end())
        ++found.none;
      else
        ++(rank->second == result.more.at(fmt::format("planted.{}", i)) ? found.right
                                                                        : found.wrong);
    }
  return found;
}

Coverage coverage(const std::vector<CellResult>& results) {
  Coverage found;
  for (const CellResult& result : results) {
    if (!result.more.contains("amplification_low") || !result.more.contains("amplification_true"))
      continue;
    const double truth = result.more.at("amplification_true");
    ++found.intervals;
    found.held += result.more.at("amplification_low") <= truth &&
                  truth <= result.more.at("amplification_high");
  }
  return found;
}

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
