#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experiments/evidence/statistics.h"

namespace experiments::evidence {

/// A repetition: (base seed, seed). Measurements with the same repetition make a pair.
using Repetition = std::pair<std::uint64_t, std::uint64_t>;

/// What a statement comes to here. What was measured on toy tasks cannot contradict a paper that
/// speaks of others: it holds here or it does not. Only arithmetic, which is the same everywhere,
/// can be contradicted. In the order in which one part decides for its task: that of the largest.
enum class Outcome { holds, open, does_not_hold, contradicted };

/// How an outcome is said.
struct OutcomeWords {
  Outcome outcome;
  const char *text, *sign, *style;  ///< "holds here", "✓", and its class in style.css
};
extern const std::array<OutcomeWords, 4> outcome_words;
const OutcomeWords& words_of(Outcome outcome);
const char* outcome_text(Outcome outcome);

constexpr double significance_level = 0.05;
constexpr int fewest_pairs = 3;

/// A statement as one paired contrast D with one threshold. For every repetition D is a difference
/// of measurements of that same repetition, so that what base, data and order of a repetition do to
/// all of them alike cancels.
struct Contrast {
  std::string text;                   ///< D in words, and the side on which the statement holds
  std::map<Repetition, double> each;  ///< D of each complete repetition
  double threshold = 0;               ///< in the unit of D
  bool holds_above = true;            ///< of the threshold; else below it
  std::string missing = {};           ///< what was not run, if the question cannot be asked
  std::string note = {};              ///< further reading of the same measurements, not tested
  std::string unit = "points";
  std::string over = {};  ///< what the repetitions are, where not base seeds and seeds
  std::set<Repetition> collapsed = {};  ///< those in which a run of D did not learn (score_table.h)
  bool arithmetic = false;              ///< every D must be on the side; nothing is random in it
};

enum class Test { none, t, sign_flips };

/// What was found of a contrast.
struct Judgement {
  Outcome outcome = Outcome::open;
  double effect = 0;   ///< mean of D
  Interval interval;   ///< 95 % for it, of this contrast alone; it means something from 2 pairs
  Interval bootstrap;  ///< likewise
  Test test = Test::none;
  double p = 1;    ///< Holm-corrected over the family
  int family = 0;  ///< how many tests were made in it
  int pairs = 0;
  int learned = 0;     ///< pairs without a collapsed run
  std::string reason;  ///< why it is open, else empty
};

/// The rule, the same for every statement. It `holds` where the mean of D is on the side of the
/// threshold that it names and `does_not_hold` where it is on the other, if a test at 5 % says that
/// it is not on the threshold. The test is two-sided, since the verdict may go either way, and its p
/// is Holm-corrected over the family given, of which contrasts that were not run are no part.
///
/// Test: the t-test of the mean of D over all repetitions. Where a run of any of them collapsed, D
/// is not about normal, and where all D are equal a t-test would be certain: there sign flips (and
/// their interval). They ask whether D lies symmetrically around the threshold; a statement that
/// they decide is about the runs as they come, with those that collapsed.
///
/// A verdict is given only if the mean of D is on the same side for each base. All else is `open`,
/// with the reason: not run, n too small (fewer than 3 pairs, or sign flips of so few that no
/// outcome could be significant in this family), not significant, bases that disagree. D that are
/// not finite do not count.
///
/// An arithmetic contrast is no test and in no family: it `holds` if every D is on its side and is
/// `contradicted` otherwise.
std::vector<Judgement> judge(const std::vector<Contrast>& family);

/// Whether a family of so many tests can be decided by sign flips of n pairs.
bool sign_flips_can_decide(int pairs, int family);

/// "-59.1 points [-62.0, -55.2]", the interval of this effect alone; nothing for fewer than 2 pairs.
std::string effect_text(const Contrast& contrast, const Judgement& judgement);

/// "-59.1 points [-62.0, -55.2], p = 0.0001 (t-test, 6 in the family), 8 pairs", or why there is
/// nothing to say.
std::string evidence_text(const Contrast& contrast, const Judgement& judgement);

/// One of the findings F1 to F11 that the paper (or, beyond it, the literature) states, or a
/// statement of an experiment of its own, put to the test on each task. Its parts are one family.
struct Finding {
  struct Part {
    std::string statement;  ///< "{q,v} is at least as good as any single matrix"
    std::string task;       ///< or the teacher, the length, ... on which it was tested
    Contrast contrast;
    Judgement judgement = {};
    std::string paper = {};  ///< D of the paper's own numbers: "WikiSQL +2.6, MultiNLI +0.3"
  };
  std::string id;         ///< "F1"
  std::string statement;  ///< what the paper says, with the table or figure
  std::string command;    ///< that measures it: "./run table5"
  std::vector<Part> parts;
  long cells = 0;          ///< how many cells were trained for it, each once; 0 where nothing is
  bool in_summary = true;  ///< told with those of all experiments, or by its own experiment alone

  /// The tasks in the order of the parts, each with what the finding comes to on it: it holds where
  /// all its parts do, does not where one does not, and is open otherwise.
  std::vector<std::pair<std::string, Outcome>> by_task() const;

  /// "holds on 2 of 3, open on 1", of its tasks; "not run" without parts.
  std::string summary() const;
};

/// Judges the parts of each finding, as a family of their own.
void judge(std::vector<Finding>& findings);

/// Judged findings in a line each: "F1  holds on 2 of 3, open on 1  what is stated".
std::string findings_summary(const std::vector<Finding>& findings, std::size_t columns = 100);

/// Judged findings for a terminal: each with its summary, its parts and their evidence. Nothing for
/// none.
std::string findings_text(const std::vector<Finding>& findings, std::size_t columns = 100);

}  // namespace experiments::evidence
