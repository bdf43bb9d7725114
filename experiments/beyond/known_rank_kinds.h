#pragma once

#include "experiments/beyond/known_rank.h"

/// The teachers of the table that `lowrank known-rank` makes: the usual one, and others in each of
/// which one thing is different, so that where the reading fails is seen as well as where it does
/// not.
namespace experiments::beyond {

struct TeacherKind {
  std::string name;     ///< the task of its cells
  TeacherSpec teacher;  ///< but for rank and seed, which the cell says
  Labels labels = Labels::soft;
  std::vector<std::string> targets{"v"};  ///< what its students adapt, as the cell says it
  std::vector<int> smoke, quick, full;    ///< the ranks r* that are planted, by preset
  bool has_others = false;                ///< students of other ranks, for the knee of the loss

  const std::vector<int>& planted(Preset preset) const;
};

/// In the order of the table. The usual one is "uniform", after its students' inputs. In it 0 is the
/// control without a plant; the null with noise is "noise", a random change of full rank, and
/// "drawn labels" with r* = 0, where there is nothing to learn but noise.
std::vector<TeacherKind> teacher_kinds();

/// Throws std::invalid_argument for a name that none of them has.
TeacherKind teacher_kind(const std::string& name);

/// What a cell of this kind asks for.
KnownRankOptions options_of_teacher(const Cell& cell, Preset preset);

}  // namespace experiments::beyond
