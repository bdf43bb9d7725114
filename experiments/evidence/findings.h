#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "experiments/evidence/statistics.h"

namespace experiments::evidence {

/// A repetition: (base seed, seed). Measurements with the same repetition make a pair.
using Repetition = std::pair<std::uint64_t, std::uint64_t>;

/// What a statement of the paper comes to here.
enum class Outcome { reproduced, contradicted, inconclusive };

/// How an outcome is said.
struct OutcomeWords {
  Outcome outcome;
  const char *text, *sign;  ///< "reproduced", "✓"
};
extern const std::array<OutcomeWords, 3> outcome_words;
const char* outcome_text(Outcome outcome);
const char* outcome_sign(Outcome outcome);

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
};

/// What was found of a contrast.
struct Judgement {
  Outcome outcome = Outcome::inconclusive;
  double effect = 0;      ///< mean of D
  Interval t, bootstrap;  ///< 95 % intervals for it; they mean something from 2 pairs
  double p = 1;           ///< Holm-corrected over the family
  int pairs = 0;
  std::string reason;  ///< why it is inconclusive, else empty
};

/// The rule, the same for every statement. It is `reproduced` where the mean of D is on the side of
/// the threshold where it holds, `contradicted` where it is on the other. Test: t-test of the mean
/// of D against the threshold over all repetitions, p two-sided since the verdict may go either
/// way, Holm-corrected over the family given (a contrast that cannot be tested counts with p = 1),
/// at 5 %. Bases are few and fixed: a verdict is about them, and is given only if the mean of D is
/// on the same side for each of them. All else is inconclusive, with the reason: not run, fewer
/// than 3 pairs, not significant, bases that disagree. D that are not finite do not count.
std::vector<Judgement> judge(const std::vector<Contrast>& family);

/// "-59.1 points [-62.0, -55.2], p = 0.0001, 10 pairs" with the t interval, or why there is nothing
/// to say.
std::string evidence_text(const Contrast& contrast, const Judgement& judgement);

/// One of the findings F1 to F11 that the paper (or, beyond it, the literature) states, put to the
/// test: all its parts must hold, each on each task.
struct Finding {
  struct Part {
    std::string statement;  ///< "{q,v} is at least as good as any single matrix"
    std::string task;       ///< or the teacher, the length, ... on which it was tested
    Contrast contrast;
    Judgement judgement = {};
  };
  std::string id;         ///< "F1"
  std::string statement;  ///< what the paper says, with the table or figure
  std::string command;    ///< that measures it: "./run table5"
  std::vector<Part> parts;
  long cells = 0;  ///< how many cells were trained for it, each once; 0 where nothing is trained
  bool in_family = true;  ///< judged with those of all experiments, or by its own experiment alone

  /// Contradicted where a part is, reproduced where all are, otherwise inconclusive.
  Outcome outcome() const;
};

/// Judges all parts of all findings as one family.
void judge(std::vector<Finding>& findings);

/// Judged findings in a line each: "F1  inconclusive  what is stated".
std::string findings_summary(const std::vector<Finding>& findings, std::size_t columns = 100);

/// Judged findings for a terminal: each with its outcome, its parts and their evidence. Nothing for
/// none.
std::string findings_text(const std::vector<Finding>& findings, std::size_t columns = 100);

}  // namespace experiments::evidence
