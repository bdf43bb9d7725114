#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "experiments/beyond/known_rank.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "experiments/harness/worker_threads.h"

namespace experiments {

namespace {

// Neither is the default base, of which the estimates are to hold.
constexpr std::uint64_t calibration_bases[] = {3, 4};

struct KnownRankTexts {
  std::string preset = "quick", true_rank = "2", seed = "1", spectrum = "flat", rho = "0.5",
              align = "random", place = "one", ranks, student_rank = "16", steps, jobs, calibrate,
              base_seed = std::to_string(default_base_seed),
              base_steps = std::to_string(BaseConfig().steps), out = "results";
  bool json = false;
};

KnownRankOptions known_rank_options(const KnownRankTexts& given) {
  constexpr long most_planted = 16;
  KnownRankOptions options = known_rank_preset(given.preset);
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

int run_known_rank(const Command& command, const KnownRankTexts& given) {
  const KnownRankOptions options = known_rank_options(given);
  if (!given.calibrate.empty())
    refuse_options(
        command, {"--true-rank", "--seed", "--ranks", "--place", "--json", "--base-seed", "--jobs"},
        "with --calibrate, which has its own teachers and bases");
  const auto base_seed =
      static_cast<std::uint64_t>(parse_integer("--base-seed", given.base_seed, 0, largest_seed));
  const long base_steps = parse_integer("--base-steps", given.base_steps, 1, most_base_steps);
  const long teachers =
      given.calibrate.empty() ? 0 : parse_integer("--calibrate", given.calibrate, 2, 1000);
  const std::filesystem::path folder = std::filesystem::path(given.out) / "base";
  if (teachers > 0) {
    std::vector<Base> bases;
    for (const std::uint64_t seed : calibration_bases)
      bases.push_back(base_with_progress(base_config(seed, base_steps), folder));
    print_out("{}", calibration_text(bases, options, static_cast<int>(teachers)));
    return 0;
  }
  const Base base = base_with_progress(base_config(base_seed, base_steps), folder);
  const KnownRankResult result = known_rank(base, options);
  if (given.json)
    print_out("{}", known_rank_json(result).printed());
  else
    print_out("{}", known_rank_text(result));
  return 0;
}

}  // namespace

Command known_rank_command() {
  Command command("known-rank",
                  "does the analysis of dW find a change of known rank, planted in a teacher?");
  auto given = std::make_shared<KnownRankTexts>();
  command.option("--preset", given->preset, "smoke (a tenth of the training), quick or full");
  command.option("--true-rank", given->true_rank, "rank r* of the planted change; 0 plants none");
  command.option("--seed", given->seed, "names the planted change, the inputs and the students");
  command.option("--spectrum", given->spectrum, "its singular values: flat or geometric");
  command.option("--rho", given->rho, "its size, |dW*| / |W|");
  command.option("--align", given->align, "its directions: random, or W's top or bottom ones");
  command.option("--place", given->place,
                 "one (v of the last block), several (every q and v), or mlp (students adapt "
                 "attention)");
  command.option("--student-rank", given->student_rank, "rank of the student that is analysed");
  command.option("--ranks", given->ranks, "ranks of the other students (default: 1,2,3,4,6,8)");
  command.option("--steps", given->steps, "training steps of a student (default: the preset's)");
  command.option("--calibrate", given->calibrate,
                 "print what the estimates rest on, from so many other teachers of each rank");
  command.option("--base-seed", given->base_seed, "names the pre-trained base");
  command.option("--base-steps", given->base_steps, "its training steps");
  command.option("--jobs", given->jobs, "students at a time (default: the cores)");
  command.option("--out", given->out, "results folder; the base is in OUT/base");
  command.flag("--json", given->json, "print one JSON object");
  for (const char* part : {"--shard", "--only-base"})
    command.refuse(part, "its teachers are run one after the other");
  command.action([given](const Command& parsed) { return run_known_rank(parsed, *given); });
  return command;
}

}  // namespace experiments
