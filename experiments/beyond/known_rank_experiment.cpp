#include "experiments/beyond/known_rank_experiment.h"

#include <fmt/format.h>

#include <map>
#include <sstream>

#include "experiments/evidence/plain_table.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/output.h"
#include "experiments/harness/run_card.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"

namespace experiments {

const char* const known_rank_head = "true_rank,seed,what,index,value\n";

namespace {

std::vector<TeacherSpec> teachers(const StudyOptions& options) {
  std::vector<int> ranks{0, 2, 4};  // 0, the control: nothing is planted
  if (options.preset == "smoke") ranks = {0, 2};
  if (options.preset == "full") ranks = {0, 1, 2, 3, 4, 6, 8};
  const int seeds = options.preset == "smoke" ? 1 : options.preset == "quick" ? 2 : options.seeds;
  std::vector<TeacherSpec> list;
  for (const int rank : ranks)
    for (int seed = 1; seed <= seeds; ++seed) {
      TeacherSpec teacher;
      teacher.true_rank = rank;
      teacher.seed = static_cast<std::uint64_t>(seed);
      list.push_back(teacher);
    }
  return list;
}

KnownRankOptions options_of(const TeacherSpec& teacher, const StudyOptions& options) {
  KnownRankOptions asked = known_rank_preset(options.preset);
  asked.teacher = teacher;
  asked.student.seed = teacher.seed;
  asked.jobs = options.jobs;
  return asked;
}

// A student's step, measured on a 2.6 GHz AVX-512 core.
double seconds(const StudyOptions& options) {
  const KnownRankOptions one = options_of({}, options);
  const double steps =
      one.student.steps + static_cast<double>(one.ranks.size()) * one.steps_of_others;
  return 3e-3 * steps * static_cast<double>(teachers(options).size()) / options.jobs;
}

// The file of a teacher names all that its numbers come from.
std::filesystem::path path_of(const TeacherSpec& teacher, const StudyOptions& options,
                              const Base& base) {
  return options.out / "known-rank" / "teachers" /
         fmt::format("r{}-seed{}-{}-{}.csv", teacher.true_rank, teacher.seed, options.preset,
                     hash(base.config));
}

RunCard known_rank_card(const StudyOptions& options) {
  const KnownRankOptions one = options_of({}, options);
  RunCard card;
  card.experiment = "known-rank";
  card.configuration = {{"base", base_of_all(options)},
                        {"student_rank", one.student.rank},
                        {"student_steps", one.student.steps},
                        {"ranks", one.ranks},
                        {"steps_of_others", one.steps_of_others}};
  card.extent = {{"base_seeds", nlohmann::json::array({options.base_seeds.front()})},
                 {"true_ranks", nlohmann::json::array()},
                 {"seeds", nlohmann::json::array()}};
  for (const TeacherSpec& teacher : teachers(options)) {
    card.extent["true_ranks"].push_back(teacher.true_rank);
    card.extent["seeds"].push_back(teacher.seed);
  }
  return card;
}

// Throws ResultsError where they are not what known_rank_lines wrote.
std::string lines_of_teacher(const std::filesystem::path& path) {
  const std::string lines = nn::read_file(path);
  try {
    known_rank_markdown(known_rank_head + lines);
  } catch (const std::invalid_argument& error) {
    throw ResultsError(
        fmt::format("{}: {}; remove it to run this teacher again", path.string(), error.what()));
  }
  return lines;
}

std::vector<Finding> run_known_rank_experiment(const StudyOptions& options, Bases& bases,
                                               Progress& progress) {
  const std::filesystem::path out = options.out / "known-rank";
  const bool unnamed =
      std::filesystem::exists(out / "teachers") && !std::filesystem::exists(out / "run.json");
  // Its cells are the teachers' files; the card, the lock and the notice are those of every folder.
  const ResultsFolder folder(out, known_rank_card(options), options.jobs, options.start);
  if (!folder.notice().empty()) progress.message(folder.notice());
  if (unnamed && options.start == ResultsFolder::Start::resume)
    progress.message(
        fmt::format("{} has teachers of a build that nothing names", folder.path().string()));
  const Cell cell = task_cell(options, options.tasks.front(), options.base_seeds.front(), 1);
  bases.prepare(cell);
  const Base& base = bases.of(cell);
  std::string csv = known_rank_head;
  for (const TeacherSpec& teacher : teachers(options)) {
    const std::filesystem::path path = path_of(teacher, options, base);
    const bool there =
        options.start == ResultsFolder::Start::resume && std::filesystem::exists(path);
    if (!there) {
      progress.message(fmt::format("a teacher with a change of rank {}, seed {}", teacher.true_rank,
                                   teacher.seed));
      nn::create_folders(path.parent_path());
      nn::write_file_atomically(path,
                                known_rank_lines(known_rank(base, options_of(teacher, options))));
    }
    csv += lines_of_teacher(path);
  }
  const std::string table = known_rank_markdown(csv);
  write_result(options, "known-rank", ".csv", csv);
  write_result(options, "known-rank", ".md", table);
  print_out("{}", table);
  return {};
}

}  // namespace

std::string known_rank_lines(const KnownRankResult& result) {
  const TeacherSpec& teacher = result.options.teacher;
  std::string text;
  const auto line = [&](const char* what, long index, double value) {
    text += fmt::format("{},{},{},{},{}\n", teacher.true_rank, teacher.seed, what, index, value);
  };
  for (const StudentLoss& loss : result.losses)
    if (loss.start > 0) line("kl_left", loss.rank, loss.end / loss.start);
  if (result.matrices.empty()) return text;
  const Recovery& found = result.matrices.front();
  for (lora::Index i = 0; i < found.true_sigma.size(); ++i)
    line("sigma_true", i + 1, found.true_sigma(i));
  for (lora::Index i = 0; i < found.sigma.size(); ++i) line("sigma", i + 1, found.sigma(i));
  line("estimated_rank", 0, result.estimated_rank());
  if (const auto knee = result.knee()) line("knee", 0, *knee);
  if (found.true_ladder) line("amplification_true", 0, found.true_ladder->factor());
  if (found.student_ladder) line("amplification", 0, found.student_ladder->factor());
  if (found.amplification) {
    line("amplification_low", 0, found.amplification->low);
    line("amplification_high", 0, found.amplification->high);
  }
  return text;
}

std::string known_rank_markdown(const std::string& csv) {
  std::map<std::pair<long, long>, std::map<std::string, double>> teachers;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);  // the head
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = split_at_commas(line);
    const auto number = [&](std::size_t i) { return nn::read_number(cells[i]); };
    const auto whole = [&](std::size_t i) { return nn::read_whole(cells[i]); };
    if (cells.size() != 5 || !whole(0) || !whole(1) || !whole(3) || !number(4))
      throw std::invalid_argument(fmt::format("not a line of known-rank: {}", nn::printable(line)));
    teachers[{*whole(0), *whole(1)}][cells[2]] = *number(4);
  }
  PlainTable table{{"r*", "seed", "estimated rank", "knee of the loss", "amplification planted",
                    "recovered", "its interval"}};
  for (const auto& [teacher, found] : teachers) {
    const auto number = [&, &values = found](const char* what, const char* format) {
      const auto at = values.find(what);
      return at == values.end() ? std::string("-") : fmt::format(fmt::runtime(format), at->second);
    };
    const std::string interval =
        found.contains("amplification_low")
            ? fmt::format("{} to {}", number("amplification_low", "{:.2f}"),
                          number("amplification_high", "{:.2f}"))
            : "-";
    table.push_back({std::to_string(teacher.first), std::to_string(teacher.second),
                     number("estimated_rank", "{:.0f}"), number("knee", "{:.0f}"),
                     number("amplification_true", "{:.2f}"), number("amplification", "{:.2f}"),
                     interval});
  }
  return "# Known rank: does the analysis find what was planted?\n\n"
         "A change of rank r* was planted in v of the last block; a student of higher rank learned "
         "to say what the teacher says. The paper has no such control.\n\n" +
         markdown_table(table);
}

Experiment known_rank_experiment() {
  Experiment experiment{"known-rank",
                        "does the analysis of ΔW find a planted change of known rank?",
                        {},
                        run_known_rank_experiment};
  experiment.seconds = seconds;
  return experiment;
}

}  // namespace experiments
