#include "experiments/table6_verdicts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "experiments/statistics.h"

namespace experiments {
namespace {

const std::string only_q = "q", q_and_v = "q,v", all_four = "q,k,v,o";

/// D = sum of factor * score over entries of the table.
using Contrast = std::vector<std::pair<Place, double>>;

/// A statement made concrete for the ranks a table has.
struct Question {
  Contrast contrast;
  double threshold = 0;
  bool holds_above = true;  // of the threshold; else below it
  std::string text;
  std::string missing;  // what was not run, if the question cannot be asked
  std::string note;
};

struct Differences {
  std::vector<double> all;  // D of each complete repetition, in points
  std::map<std::uint64_t, std::vector<double>> by_base;
};

/// D for every repetition that has all entries of the contrast with a finite score.
Differences differences(const TaskTable& table, const Contrast& contrast) {
  std::map<Repetition, std::pair<std::size_t, double>> sums;  // entries found, D
  for (const auto& [place, factor] : contrast) {
    const auto runs = table.places.find(place);
    if (runs == table.places.end()) continue;
    for (const auto& [repetition, result] : runs->second) {
      if (!std::isfinite(result.value)) continue;
      auto& [found, sum] = sums[repetition];
      ++found;
      sum += factor * 100 * result.value;
    }
  }
  Differences result;
  for (const auto& [repetition, sum] : sums) {
    if (sum.first != contrast.size()) continue;
    result.all.push_back(sum.second);
    result.by_base[repetition.first].push_back(sum.second);
  }
  return result;
}

/// The mean over the ranks of score(plus, r) - score(minus, factor * r).
Contrast mean_difference(const std::vector<int>& ranks, const std::string& plus,
                         const std::string& minus, int factor) {
  Contrast contrast;
  const double share = 1.0 / static_cast<double>(ranks.size());
  for (const int r : ranks) {
    contrast.push_back({{plus, r}, share});
    contrast.push_back({{minus, factor * r}, -share});
  }
  return contrast;
}

/// The ranks r up to `largest` with (plus, r) and (minus, factor * r) in the table.
std::vector<int> common_ranks(const TaskTable& table, const std::string& plus,
                              const std::string& minus, int factor, int largest) {
  const std::set<int> others = table.ranks(minus);
  std::vector<int> common;
  for (const int r : table.ranks(plus)) {
    if (r <= largest && others.contains(factor * r)) common.push_back(r);
  }
  return common;
}

/// "r = 1, 2"; in general where no such rank is in the table.
std::string ranks_text(const std::vector<int>& ranks, const char* in_general) {
  return ranks.empty() ? in_general : fmt::format("r = {}", fmt::join(ranks, ", "));
}

Question small_rank_suffices(const TaskTable& table) {
  Question question;
  question.threshold = -margin_points;
  std::vector<int> large;
  for (const int r : table.ranks(q_and_v)) {
    if (r >= 8) large.push_back(r);
  }
  question.text = fmt::format("{{q,v}} at r = 1 minus its mean over {}; holds above {} points",
                              ranks_text(large, "r >= 8"), question.threshold);
  if (!table.ranks(q_and_v).contains(1)) question.missing = "{q,v} at r = 1";
  if (large.empty()) question.missing = "{q,v} at some r >= 8";
  if (!question.missing.empty()) return question;
  const auto against_large = [&](int r) {
    Contrast contrast = {{{q_and_v, r}, 1}};
    for (const int l : large) {
      contrast.push_back({{q_and_v, l}, -1.0 / static_cast<double>(large.size())});
    }
    return contrast;
  };
  question.contrast = against_large(1);
  for (const int r : table.ranks(q_and_v)) {
    if (mean(differences(table, against_large(r)).all) > -margin_points) {
      question.note =
          fmt::format("smallest r whose mean is within {} points: {}", margin_points, r);
      break;
    }
  }
  return question;
}

Question query_alone_is_worse(const TaskTable& table) {
  Question question;
  const auto ranks = common_ranks(table, q_and_v, only_q, 1, 1 << 20);
  question.text = fmt::format("{{q,v}} minus {{q}}, mean over {}; holds above 0 points",
                              ranks_text(ranks, "common r"));
  if (ranks.empty()) {
    question.missing = "{q} and {q,v} at a common r";
    return question;
  }
  question.contrast = mean_difference(ranks, q_and_v, only_q, 1);
  const auto halves = common_ranks(table, q_and_v, only_q, 2, 1 << 20);
  if (!halves.empty()) {
    const auto at_equal_size = differences(table, mean_difference(halves, q_and_v, only_q, 2));
    question.note = fmt::format("with equal parameters, {{q}} at 2r: {:+.1f} points over r = {}",
                                mean(at_equal_size.all), fmt::join(halves, ", "));
  }
  return question;
}

Question larger_rank_stops_helping(const TaskTable& table) {
  Question question;
  question.threshold = margin_points;
  question.holds_above = false;
  const std::set<int> set = table.ranks(q_and_v);
  const std::vector<int> ranks(set.rbegin(), set.rend());
  if (ranks.size() < 2 || ranks[0] < 8 || ranks[1] < 4) {
    question.missing = "{q,v} at r >= 4 and a larger r >= 8";
    question.text =
        fmt::format("the last step in r of {{q,v}}; holds below {} points", margin_points);
    return question;
  }
  question.text = fmt::format("{{q,v}} at r = {} minus at r = {}; holds below {} points", ranks[0],
                              ranks[1], margin_points);
  question.contrast = {{{q_and_v, ranks[0]}, 1}, {{q_and_v, ranks[1]}, -1}};
  return question;
}

Question more_matrices_at_small_rank(const TaskTable& table) {
  Question question;
  question.threshold = -margin_points;
  const auto ranks = common_ranks(table, all_four, q_and_v, 2, 4);
  question.text =
      fmt::format("{{q,k,v,o}} at r minus {{q,v}} at 2r, mean over {}; holds above {} points",
                  ranks_text(ranks, "r <= 4"), question.threshold);
  question.contrast = mean_difference(ranks, all_four, q_and_v, 2);
  if (ranks.empty()) question.missing = "{q,k,v,o} at some r <= 4 with {q,v} at 2r";
  return question;
}

Question question_of(char statement, const TaskTable& table) {
  switch (statement) {
    case 'a':
      return small_rank_suffices(table);
    case 'b':
      return query_alone_is_worse(table);
    case 'c':
      return larger_rank_stops_helping(table);
    default:
      return more_matrices_at_small_rank(table);
  }
}

/// The verdict without its outcome and with p not yet corrected.
Verdict measured(char statement, const TaskTable& table, const Question& question,
                 const Differences& found) {
  Verdict verdict{.statement = statement,
                  .task = table.task,
                  .facts = table.facts,
                  .threshold = question.threshold,
                  .pairs = static_cast<int>(found.all.size()),
                  .contrast = question.text,
                  .reason = "",
                  .note = question.note};
  if (verdict.pairs >= 2) {
    verdict.effect = mean(found.all);
    const Interval interval = t_interval(found.all);
    verdict.low = interval.low;
    verdict.high = interval.high;
  }
  if (!question.missing.empty()) {
    verdict.reason = "not run: " + question.missing;
  } else if (verdict.pairs < fewest_pairs) {
    verdict.reason = fmt::format("{} pairs, at least {} are needed", verdict.pairs, fewest_pairs);
  } else {
    verdict.p = p_mean_differs(found.all, question.threshold);
  }
  return verdict;
}

void decide(Verdict& verdict, const Question& question, const Differences& found) {
  if (!verdict.reason.empty()) return;
  if (!(verdict.p <= significance_level)) {
    verdict.reason = "not significant";
    return;
  }
  const bool above = verdict.effect > question.threshold;
  for (const auto& [base, values] : found.by_base) {
    if ((mean(values) > question.threshold) != above) {
      verdict.reason = fmt::format("base seed {} is on the other side", base);
      return;
    }
  }
  verdict.outcome = above == question.holds_above ? Outcome::reproduced : Outcome::contradicted;
}

}  // namespace

const char* statement_text(char statement) {
  switch (statement) {
    case 'a':
      return "a very small r suffices for {q,v}";
    case 'b':
      return "Wq alone is worse";
    case 'c':
      return "larger r does not keep helping";
    case 'd':
      return "adapting more matrices at small r is at least as good";
    default:
      throw std::invalid_argument(fmt::format("no statement {}; valid: a to d", statement));
  }
}

const char* outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::reproduced:
      return "reproduced";
    case Outcome::contradicted:
      return "contradicted";
    default:
      return "inconclusive";
  }
}

std::vector<Verdict> table6_verdicts(const std::vector<TaskTable>& tables) {
  std::vector<Question> questions;
  std::vector<Differences> found;
  std::vector<Verdict> verdicts;
  std::vector<double> p;
  for (const TaskTable& table : tables) {
    for (const char statement : {'a', 'b', 'c', 'd'}) {
      questions.push_back(question_of(statement, table));
      found.push_back(differences(table, questions.back().contrast));
      verdicts.push_back(measured(statement, table, questions.back(), found.back()));
      p.push_back(verdicts.back().p);
    }
  }
  const std::vector<double> corrected = holm(p);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    verdicts[i].p = corrected[i];
    decide(verdicts[i], questions[i], found[i]);
  }
  return verdicts;
}

}  // namespace experiments
