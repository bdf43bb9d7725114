#include "experiments/beyond/known_rank_kinds.h"

#include <fmt/format.h>

#include <stdexcept>

namespace experiments::beyond {

const std::vector<int>& TeacherKind::planted(Preset preset) const {
  return preset == Preset::smoke ? smoke : preset == Preset::quick ? quick : full;
}

std::vector<TeacherKind> teacher_kinds() {
  std::vector<TeacherKind> kinds;
  const auto add = [&](const std::string& name, std::vector<int> smoke, std::vector<int> quick,
                       std::vector<int> full) -> TeacherKind& {
    kinds.push_back({.name = name,
                     .teacher = {},
                     .smoke = std::move(smoke),
                     .quick = std::move(quick),
                     .full = std::move(full)});
    return kinds.back();
  };
  add("uniform", {0, 2}, {0, 2, 5, 7}, {0, 1, 2, 3, 4, 5, 6, 7, 8}).has_others = true;
  add("geometric", {}, {5}, {2, 5, 7}).teacher.spectrum = Spectrum::geometric;
  add("top", {}, {}, {2, 5}).teacher.align = Align::top;
  add("bottom", {}, {}, {2, 5}).teacher.align = Align::bottom;
  add("rho 0.1", {}, {2}, {2, 5}).teacher.rho = 0.1;
  add("drawn labels", {}, {0, 2}, {0, 2, 5}).labels = Labels::drawn;
  TeacherKind& several = add("several", {}, {2}, {2, 5});
  several.teacher.place = Place::several;
  several.targets = {"q", "v"};
  TeacherKind& mlp = add("mlp", {}, {2}, {2, 5});
  mlp.teacher.place = Place::mlp;
  mlp.targets = {"q", "k", "v", "o"};
  add("noise", {0}, {0}, {0}).teacher.spectrum = Spectrum::noise;
  return kinds;
}

TeacherKind teacher_kind(const std::string& name) {
  for (TeacherKind& kind : teacher_kinds())
    if (kind.name == name) return kind;
  throw std::invalid_argument(fmt::format("known-rank has no teachers named '{}'", name));
}

KnownRankOptions options_of_teacher(const Cell& cell, Preset preset) {
  const TeacherKind kind = teacher_kind(cell.task);
  KnownRankOptions options = known_rank_preset(preset);
  options.teacher = kind.teacher;
  options.teacher.true_rank = cell.size;
  options.teacher.seed = options.student.seed = cell.seed;
  options.student.labels = kind.labels;
  options.student.rank = cell.rank;
  options.student.alpha = cell.alpha;
  options.student.steps = cell.steps;
  options.student.lr = cell.lr;
  if (!kind.has_others) options.ranks = {};
  return options;
}

}  // namespace experiments::beyond
