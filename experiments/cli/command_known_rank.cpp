#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "experiments/beyond/known_rank.h"
#include "experiments/beyond/known_rank_experiment.h"
#include "experiments/cli/base_options.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "experiments/harness/signals.h"
#include "experiments/harness/worker_threads.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

// Neither is the default base, of which the estimates are to hold.
constexpr std::uint64_t calibration_bases[] = {3, 4};

// Options that ask for one teacher: with any of them the command shows that one, in detail.
const std::vector<std::string> of_one_teacher{
    "--true-rank",  "--seed",         "--spectrum", "--rho",   "--align",
    "--place",      "--student-rank", "--ranks",    "--steps", "--labels",
    "--base-steps", "--json",         "--calibrate"};

struct KnownRankGiven : SettingsOptions {
  TeacherSpec teacher;
  int student_rank = StudentOptions().rank;
  Labels labels = Labels::soft;
  std::optional<int> steps, teachers;
  long base_steps = BaseConfig().steps;
  bool json = false;
};

KnownRankOptions known_rank_options(const KnownRankGiven& given) {
  KnownRankOptions options = known_rank_preset(given.preset);
  options.teacher = given.teacher;
  options.student.seed = given.teacher.seed;
  options.student.rank = given.student_rank;
  options.student.labels = given.labels;
  options.student.steps = given.steps.value_or(options.student.steps);
  if (!given.ranks.empty()) options.ranks = given.ranks;
  options.jobs = given.jobs.value_or(default_jobs());
  return options;
}

int run_one_teacher(const Command& command, const KnownRankGiven& given) {
  const KnownRankOptions options = known_rank_options(given);
  if (given.teacher.spectrum == Spectrum::noise)
    refuse_options(command, {"--true-rank", "--align", "--calibrate"},
                   "with --spectrum noise, which is of full rank and has random directions");
  if (given.teachers)
    refuse_options(
        command, {"--true-rank", "--seed", "--ranks", "--place", "--json", "--base-seed", "--jobs"},
        "with --calibrate, which has its own teachers and bases");
  const std::filesystem::path folder = given.out / "base";
  if (given.teachers) {
    std::vector<Base> bases;
    for (const std::uint64_t seed : calibration_bases)
      bases.push_back(base_with_progress(base_config(seed, given.base_steps), folder));
    stopped_by_signals([&](const std::atomic<bool>& stop) {
      print_out("{}", calibration_text(bases, options, *given.teachers, stop));
    });
    return 0;
  }
  const std::uint64_t base_seed = given.base_seed.value_or(default_base_seed);
  const Base base = base_with_progress(base_config(base_seed, given.base_steps), folder);
  KnownRankResult result;
  stopped_by_signals(
      [&](const std::atomic<bool>& stop) { result = known_rank(base, options, stop); });
  if (given.json)
    print_out("{}", json_line(known_rank_json(result)));
  else
    print_out("{}", known_rank_text(result));
  return 0;
}

bool asks_for_one(const Command& command) {
  return std::any_of(of_one_teacher.begin(), of_one_teacher.end(),
                     [&](const std::string& option) { return command.given(option); });
}

int run_known_rank(const Command& command, const KnownRankGiven& given) {
  if (!asks_for_one(command))
    return run_experiment(known_rank_experiment::experiment(), settings_from(given));
  refuse_options(command, {"--seeds", "--fresh", "--shard", "--only-base"},
                 "where one teacher is asked for, which is shown and not kept");
  return run_one_teacher(command, given);
}

void add_teacher_options(Command& command, KnownRankGiven& given) {
  constexpr long most_planted = 16;
  TeacherSpec& teacher = given.teacher;
  const auto add = [&](const char* name, const Value& value, const std::string& help) {
    command.option(name, value, "one teacher: " + help);
  };
  add("--true-rank", whole(teacher.true_rank, 0, most_planted),
      "rank r* of the planted change; 0 plants none");
  add("--seed", seed_value(teacher.seed), "names the change, the inputs and the students");
  add("--spectrum", named<Spectrum>(teacher.spectrum, parse_spectrum, to_string(teacher.spectrum)),
      "its singular values, flat or geometric, or noise of full rank");
  add("--rho", positive(teacher.rho), "the size of the change, |dW*| / |W|");
  add("--align", named<Align>(teacher.align, parse_align, to_string(teacher.align)),
      "its directions, random, or W's top, bottom or middle ones (of the pairs 5 to 20)");
  add("--place", named<Place>(teacher.place, parse_place, to_string(teacher.place)),
      "one (v of the last block), several (every q and v), or mlp (students adapt attention)");
  add("--student-rank", whole(given.student_rank, 1, largest_rank),
      "rank of the student that is analysed");
  add("--ranks", whole_list(given.ranks, 1, largest_rank),
      "ranks of the other students (default: 1 to 9)");
  add("--steps", whole(given.steps, 1, 1'000'000),
      "training steps of a student (default: the preset's)");
  add("--labels", named<Labels>(given.labels, parse_labels, to_string(given.labels)),
      "what students are told, soft (the teacher's distribution) or drawn (a label from it)");
  command.option("--calibrate", whole(given.teachers, 2, 1000),
                 "print what the estimates rest on, from so many other teachers of each rank");
  add("--base-steps", base_steps_value(given.base_steps), "training steps of the base");
  command.flag("--json", given.json, "one teacher: print one JSON object");
}

}  // namespace

Command known_rank_command() {
  Command command(
      "known-rank",
      "does the analysis of dW find a change of known rank? a table of teachers, or one");
  auto given = std::make_shared<KnownRankGiven>();
  add_settings_options(command, *given);
  for (const auto& [option, why] : known_rank_experiment::experiment().without)
    command.refuse(option, why);
  add_teacher_options(command, *given);
  command.action([given](const Command& parsed) { return run_known_rank(parsed, *given); });
  return command;
}

}  // namespace experiments::cli
