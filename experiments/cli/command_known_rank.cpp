#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "experiments/beyond/known_rank.h"
#include "experiments/beyond/known_rank_experiment.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/cli/option_values.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "experiments/harness/signals.h"
#include "experiments/harness/worker_threads.h"

namespace experiments::cli {

namespace {

// Neither is the default base, of which the estimates are to hold.
constexpr std::uint64_t calibration_bases[] = {3, 4};

// Options that ask for one teacher: with any of them the command shows that one, in detail.
const std::vector<std::string> of_one_teacher{
    "--true-rank",    "--seed",  "--spectrum", "--rho",        "--align", "--place",
    "--student-rank", "--ranks", "--steps",    "--base-steps", "--json",  "--calibrate"};

struct KnownRankTexts : SettingsTexts {
  std::string true_rank = "2", seed = "1", spectrum = "flat", rho = "0.5", align = "random",
              place = "one", student_rank = "16", steps, calibrate,
              base_steps = std::to_string(BaseConfig().steps);
  bool json = false;
};

KnownRankOptions known_rank_options(const KnownRankTexts& given) {
  constexpr long most_planted = 16;
  KnownRankOptions options = known_rank_preset(parse_preset(given.preset));
  TeacherSpec& teacher = options.teacher;
  teacher.true_rank =
      static_cast<int>(parse_integer("--true-rank", given.true_rank, 0, most_planted));
  teacher.seed = static_cast<std::uint64_t>(parse_integer("--seed", given.seed, 0, largest_seed));
  teacher.spectrum = parse_spectrum(given.spectrum);
  teacher.rho = parse_positive("--rho", given.rho);
  teacher.align = parse_align(given.align);
  teacher.place = parse_place(given.place);
  options.student.seed = teacher.seed;
  options.student.rank =
      static_cast<int>(parse_integer("--student-rank", given.student_rank, 1, largest_rank));
  if (!given.ranks.empty()) options.ranks = parse_integers("--ranks", given.ranks, 1, largest_rank);
  if (!given.steps.empty())
    options.student.steps = static_cast<int>(parse_integer("--steps", given.steps, 1, 1'000'000));
  options.jobs = given.jobs.empty()
                     ? default_jobs()
                     : static_cast<int>(parse_integer("--jobs", given.jobs, 1, most_jobs));
  return options;
}

int run_one_teacher(const Command& command, const KnownRankTexts& given) {
  const KnownRankOptions options = known_rank_options(given);
  if (!given.calibrate.empty())
    refuse_options(
        command, {"--true-rank", "--seed", "--ranks", "--place", "--json", "--base-seed", "--jobs"},
        "with --calibrate, which has its own teachers and bases");
  const std::uint64_t base_seed = given.base_seed.empty()
                                      ? default_base_seed
                                      : static_cast<std::uint64_t>(parse_integer(
                                            "--base-seed", given.base_seed, 0, largest_seed));
  const long base_steps = parse_integer("--base-steps", given.base_steps, 1, most_base_steps);
  const long teachers =
      given.calibrate.empty() ? 0 : parse_integer("--calibrate", given.calibrate, 2, 1000);
  const std::filesystem::path folder = std::filesystem::path(given.out) / "base";
  if (teachers > 0) {
    std::vector<Base> bases;
    for (const std::uint64_t seed : calibration_bases)
      bases.push_back(base_with_progress(base_config(seed, base_steps), folder));
    stopped_by_signals([&](const std::atomic<bool>& stop) {
      print_out("{}", calibration_text(bases, options, static_cast<int>(teachers), stop));
    });
    return 0;
  }
  const Base base = base_with_progress(base_config(base_seed, base_steps), folder);
  KnownRankResult result;
  stopped_by_signals(
      [&](const std::atomic<bool>& stop) { result = known_rank(base, options, stop); });
  if (given.json)
    print_out("{}", known_rank_json(result).printed());
  else
    print_out("{}", known_rank_text(result));
  return 0;
}

bool asks_for_one(const Command& command) {
  return std::any_of(of_one_teacher.begin(), of_one_teacher.end(),
                     [&](const std::string& option) { return command.given(option); });
}

int run_known_rank(const Command& command, const KnownRankTexts& given) {
  if (!asks_for_one(command))
    return run_experiment(known_rank_experiment::experiment(), settings_from(given));
  refuse_options(command, {"--seeds", "--fresh", "--shard", "--only-base"},
                 "where one teacher is asked for, which is shown and not kept");
  return run_one_teacher(command, given);
}

void add_teacher_options(Command& command, KnownRankTexts& given) {
  const auto add = [&](const char* name, std::string& value, const std::string& help) {
    command.option(name, value, help);
  };
  add("--true-rank", given.true_rank, "one teacher: rank r* of the planted change; 0 plants none");
  add("--seed", given.seed, "one teacher: names the change, the inputs and the students");
  add("--spectrum", given.spectrum, "one teacher: its singular values, flat or geometric");
  add("--rho", given.rho, "one teacher: the size of the change, |dW*| / |W|");
  add("--align", given.align, "one teacher: its directions, random, or W's top or bottom ones");
  add("--place", given.place,
      "one teacher: one (v of the last block), several (every q and v), or mlp (students adapt "
      "attention)");
  add("--student-rank", given.student_rank, "one teacher: rank of the student that is analysed");
  add("--ranks", given.ranks, "one teacher: ranks of the other students (default: 1,2,3,4,6,8)");
  add("--steps", given.steps, "one teacher: training steps of a student (default: the preset's)");
  add("--calibrate", given.calibrate,
      "print what the estimates rest on, from so many other teachers of each rank");
  add("--base-steps", given.base_steps, "one teacher: training steps of the base");
  command.flag("--json", given.json, "one teacher: print one JSON object");
}

}  // namespace

Command known_rank_command() {
  Command command(
      "known-rank",
      "does the analysis of dW find a change of known rank? a table of teachers, or one");
  auto given = std::make_shared<KnownRankTexts>();
  add_settings_options(command, *given, known_rank_experiment::experiment().without);
  add_teacher_options(command, *given);
  command.action([given](const Command& parsed) { return run_known_rank(parsed, *given); });
  return command;
}

}  // namespace experiments::cli
