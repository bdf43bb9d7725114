#pragma once

#include "experiments/harness/experiment.h"
#include "experiments/harness/lr_search.h"

/// A sweep of one's own: some fields of a run are varied and crossed, all else is as `train` has
/// it.
namespace experiments::beyond::sweep {

/// A field that is varied, with its values as they were given.
struct Axis {
  std::string name;  ///< "rank", the option of train without its dashes
  std::vector<std::string> values;
};

/// One combination, run once for every seed.
struct Row {
  std::vector<std::string> values;  ///< of the axes, in their order; "-" where a field says nothing
  Cell cell;                        ///< without a seed
  std::string lr_source;            ///< "given", "recorded for nli lora q,v", "searched"
};

struct Sweep {
  std::string name;  ///< of its folder
  std::vector<Axis> axes;
  std::vector<Row> rows = {};           ///< in the order of the axes, no cell twice
  std::vector<LrSearch> searches = {};  ///< where the rates were searched: of each row
  std::string score = {};               ///< the figure's label; empty: that of the toy task
};

/// Trains every row with the seeds 1 .. settings.seeds. Its table has a line a row, its data a line
/// a run; NAME.figure.csv is what sweep.gp draws.
Experiment experiment(const Sweep& sweep);

/// Mean and spread of each row, with the first axis as x and the rest of the axes as lines: line,
/// line_label, x, x_label, mean, sd (points; sd is empty for one run).
Csv figure_data(const Sweep& sweep, const std::vector<CellResult>& results);

/// The gnuplot script of the figure, for a sweep of this name.
std::string figure_script(const Sweep& sweep);

}  // namespace experiments::beyond::sweep
