#pragma once

#include "experiments/harness/experiment.h"

/// Does r = 1 lose less in a larger model? The gap of r = 1 to a large rank R is measured on sqlgen
/// with LoRA on {q,v}, for models of several widths at one depth, and of several depths at one
/// width: a star around the usual model, and not a product. Rank 1 in two matrices of each of L
/// layers is 2 L directions: 4 in the usual model, 192 in GPT-3, which is 192 times as wide. Beyond
/// the paper, whose Table 6 has r = 1 suffice for GPT-3 on its data sets.
///
/// What else differs between models is kept out of the gap. A base is trained on sqlgen alone until
/// it answers 99 % of held-out examples, since a fixed number of steps would leave a larger one
/// better trained. Every model and rank has a learning rate of its own, searched in the same way. K,
/// the examples, the steps and alpha are the same for all. Control: the frozen base, and in the
/// preset full also full fine-tuning.
///
/// Further measurements of a result: base_steps and base_answered, the steps that its base was
/// trained for and the share of held-out examples that it then answered.
namespace experiments::beyond::scale {

Experiment experiment();

/// The model in the middle of the star, from which width or depth is varied.
constexpr int middle_width = 64, middle_depth = 2;

/// A model of the star.
struct Point {
  int width = middle_width, depth = middle_depth;
  auto operator<=>(const Point&) const = default;
};

Point point_of(const Cell& cell);

/// "width 64, depth 2".
std::string point_text(const Point& point);

/// "width 64, depth 2, r=1", the row of a model where `what` was trained, and the row of any cell.
std::string row_name(const Point& point, const std::string& what);
std::string row_of(const Cell& cell);

/// The models among the results, each once, the narrow and shallow first: all of them, those of the
/// middle depth, and those of the middle width.
std::vector<Point> star(const std::vector<CellResult>& results);
std::vector<Point> width_arm(const std::vector<CellResult>& results);
std::vector<Point> depth_arm(const std::vector<CellResult>& results);

std::set<int> ranks_in(const std::vector<CellResult>& results);  ///< of LoRA

/// The directions that rank r adapts: layers × matrices × r.
int directions(const Point& point, int rank);

/// The scores of a model at this rank, and score(R) - score(rank), R the largest rank: points, by
/// repetition.
ByRepetition scores(const std::vector<CellResult>& results, const Point& point, int rank);
ByRepetition gap(const std::vector<CellResult>& results, const Point& point, int rank);

/// The rule, fixed before the grid was run. D is the difference of two gaps of r = 1, in points
/// within one repetition: models with the same base seed and seed make a pair.
///   width: "r = 1 loses less in a wider model"
///          D = gap(widest) - gap(narrowest), at depth 2         holds below -3 points
///   depth: "r = 1 loses less in a deeper model"
///          D = gap(deepest) - gap(shallowest), at width 64      holds below -3 points
/// The margin is what counts as a difference (margin_points), so where size changes nothing the
/// statement can be refuted. These two are judged among themselves.
Finding finding(const std::vector<CellResult>& results);

/// The tables: scores with the gap of the smallest rank, the learning rates, and the bases, in which
/// one that does not answer enough is named. scale.csv has a line for each model and rank.
Report read(const Results& results, Lab& lab);

}  // namespace experiments::beyond::scale
