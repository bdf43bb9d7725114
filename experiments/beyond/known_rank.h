#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "experiments/beyond/known_rank_student.h"
#include "experiments/beyond/known_rank_teacher.h"
#include "experiments/beyond/rank_estimate.h"
#include "experiments/harness/settings.h"

/// The analysis of ΔW put to the test where the truth is known: a teacher is the base with a
/// planted change, students of several ranks learn to say what it says, and what they learned is
/// analysed as the adapters of the tasks are.
namespace experiments::beyond {

struct KnownRankOptions {
  TeacherSpec teacher;
  StudentOptions student;  ///< the one that is analysed
  /// Of the others: the loss against the rank. Every rank, so that no true one is off the grid, and
  /// the same for all teachers, so that the grid does not say which it is.
  std::vector<int> ranks{1, 2, 3, 4, 5, 6, 7, 8, 9};
  int steps_of_others = 600;
  double knee_level = 0.05;
  RankRule rule = {};
  int jobs = 1;  ///< students at a time
};

/// quick and full are the defaults; smoke trains a tenth as long on two ranks, to see that
/// everything runs.
KnownRankOptions known_rank_preset(Preset preset);

/// The loss that a student of this rank is left with.
struct StudentLoss {
  int rank = 0;
  double start = 0, end = 0;  ///< KL, nats per position, on inputs that training did not see

  /// What is left of it, as a fraction. Where there was none to begin with: 0, or infinite where
  /// training has brought some.
  double left() const;
};

/// How well a subspace was found again: φ of the first r* directions, with its chance level.
struct Overlap {
  double phi = 0, chance = 0;
};

/// What was planted in one matrix and what the student says of it.
struct Recovery {
  std::string name;
  int true_rank = 0;
  RankReading estimated;
  lora::VectorXd true_sigma, sigma;                    ///< of ΔW* and of the student's ΔW
  lora::VectorXd true_whitened, whitened;              ///< of ΔW* C^{1/2} and ΔW C^{1/2}
  lora::VectorXd inputs;                               ///< of C^{1/2}: how far the inputs fill R^in
  std::optional<Overlap> left, right, right_whitened;  ///< where r* > 0
  std::optional<Ladder> true_ladder;                   ///< where r* > 0
  std::optional<Ladder> student_ladder;                ///< where a rank above 0 was read
  std::optional<Interval> amplification;  ///< for the true factor, from the student alone

  bool is_right() const { return estimated.rank == true_rank; }
};

struct KnownRankResult {
  KnownRankOptions options;
  std::uint64_t base_seed = 0;
  std::vector<StudentLoss> losses;    ///< by rank
  StudentLoss analysed;               ///< of the analysed student, which is trained for longer
  std::vector<Recovery> matrices;     ///< those that the analysed student adapts
  std::optional<StudentLoss> placed;  ///< with Place::mlp: one of its rank on the right matrix

  /// Of the matrix with the largest ‖ΔW C^{1/2}‖; 0 where none learned anything.
  RankReading estimated_rank() const;
  /// The least rank whose student is left with at most knee_level of the loss at the start; 0 where
  /// there was none to begin with, nothing where no student gets there.
  std::optional<int> knee() const;
};

/// Trains the students, options.jobs at a time, and analyses the one of rank options.student.rank.
/// Throws Stopped once `stop` is set.
KnownRankResult known_rank(const Base& base, const KnownRankOptions& options,
                           const std::atomic<bool>& stop = never);

/// The bias of the ladder, as it was calibrated for the default teacher, student and base. Nothing
/// where the options differ from these in anything but the rank, the seed and the other students,
/// or the base in anything but its seed: there the true factor gets no interval.
std::optional<LadderBias> calibrated_bias(const KnownRankOptions& options, const BaseConfig& base);

/// One JSON object, and a text for people.
nlohmann::ordered_json known_rank_json(const KnownRankResult& result);
std::string known_rank_text(const KnownRankResult& result);

/// What the rules of rank_estimate.h rest on, for the options' spectrum, alignment and rho: for each
/// true rank, over the bases and `teachers` seeds from 1001, how often the count is right, the
/// smallest σ_r*/σ_1, the largest σ_{r*+1}/σ_1, the least gap between the two and the most that is
/// left of the loss; and over all of them the two conditions and the ladder's bias.
std::string calibration_text(const std::vector<Base>& bases, const KnownRankOptions& options,
                             int teachers, const std::atomic<bool>& stop = never);

}  // namespace experiments::beyond
