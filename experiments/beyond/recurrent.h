#pragma once

#include "experiments/evidence/score_table.h"
#include "experiments/harness/experiment.h"

/// Does LoRA work for recurrent networks? Hu et al. 2021 adapt transformers alone, and expect the
/// principles to hold for "any dense layers" (section 4). A language model of one LSTM or GRU layer
/// (nn/recurrent/recurrent_lm.h) learns the toy tasks as the decoder does, and Table 6 is asked of
/// it: LoRA at each r on {weight_ih}, what reads the input, on {weight_hh}, what reads the state, and
/// on both. Controls: the frozen base and full fine-tuning. Then Figure 3 and Table 7 of the two
/// weights, whole and gate by gate: the gates are stacked, (g H,H), so ΔW of a gate is its rows of B
/// times the A that all of them share.
namespace experiments::beyond::recurrent {

Experiment experiment();

/// The size of the models: hidden units, fewer in the preset smoke, and layers.
constexpr int width = 128, depth = 1;

/// "i", "f", "g", "o" of an LSTM, "r", "z", "n" of a GRU, in the order of the rows.
const std::vector<std::string>& gates_of(const std::string& architecture);

/// "ih,hh" as PyTorch names them: "{weight_ih, weight_hh}".
std::string weights_label(const std::string& weights);

/// A task counts where every base answers at least so many held-out examples of the pre-training task
/// of its name: of what a base does not know nothing can be adapted.
constexpr double learned_from = 0.8;

/// And only if the mean of some row, full fine-tuning or LoRA, is so many points above the frozen base:
/// where nothing is learned, rows that are as good as each other say nothing.
constexpr double learned_points = 20;

/// The two largest ranks of a run, the largest first; fewer where it has fewer. A look compares them,
/// so a folder is of one such pair.
std::vector<int> ranks_compared(const Settings& settings);

/// The look. Of a frozen base "answers": the share of those examples. Of LoRA on both weights at the
/// largest rank R of the run, beside which the next smaller rank r is trained once more for this
/// alone, "<what>.<weight>.<part>" with a weight as weight_ih_l0 and a part "all" or a gate:
///   size          ‖ΔW‖ / ‖W‖ of these rows
///   phi_first     φ(1,1) of the inputs' directions at r and R, corrected for chance
///   phi           φ(r,R) of all of them, corrected
///   cosine        the largest squared principal cosine of them; its chance level is not taken off
///   in_delta, in_w, random   ‖Uᵀ W V‖ from the first R directions of ΔW, of W, and by chance
///   noise         the same from a change that lies where inputs are strong and outputs matter, and
///                 has learned nothing (noise.h)
/// Nothing of one that diverged.
void look(const Lab& lab, nn::Model& trained, CellResult& result);

/// What is measured of a part, in one repetition: the mean over weight_ih and weight_hh of
/// read(value of name). NaN where there is nothing.
using ReadPart = std::function<double(const std::function<double(const char* what)>& measured)>;
ByRepetition over_weights(const std::vector<CellResult>& results, const std::string& part,
                          const ReadPart& read);

/// The results of one architecture, and the table of each of its tasks; rows as in table6.
std::vector<CellResult> of_architecture(const std::vector<CellResult>& results,
                                        const std::string& architecture);
std::vector<std::string> architectures_in(const std::vector<CellResult>& results);
std::vector<ScoreTable> tables_of(const std::vector<CellResult>& results,
                                  const std::string& architecture);

/// The rule, fixed before the grid was run. For each architecture and task, D in points within one
/// repetition; the margin is 3 points (margin_points).
///   "LoRA does what full fine-tuning does"
///       D = mean over r >= 8 of score({ih,hh}, r) - score(full)              above -3
///   "a very small r suffices", Table 6 (a)
///       D = score({ih,hh}, 1) - mean over r >= 8 of score({ih,hh}, r)        above -3
///   "both weights at r are at least as good as the input's alone at 2r", Table 6 (d)
///       D = score({ih,hh}, 4) - score({ih}, 8)                               above -3
///   "and as the state's alone"
///       D = score({ih,hh}, 4) - score({hh}, 8)                               above -3
/// The last two compare equal numbers of parameters: both weights are (g H,H). Each is one-sided and by
/// a margin: "at least as good" is no claim of equality. All of them are one family; of a task that the
/// base does not know (learned_from), or that nothing learns (learned_points), nothing is asked.
Finding finding(const std::vector<CellResult>& results);

/// The rule for the directions of {ih,hh}, fixed likewise: for each architecture and task, of the
/// whole stacked weights, mean over the two; a family of their own.
///   "the top direction is shared by two ranks", Figure 3
///       D = φ(1,1), corrected                                                above .5
///   "W has more in the directions of ΔW than in those of noise", Table 7
///       D = log2(in_delta / noise)                                           above 0
///   "and at most half of what it has in its own", Table 7
///       D = log2(in_w / in_delta)                                            above 1
/// Gates are told and not tested.
Finding directions_finding(const std::vector<CellResult>& results);

/// The tables, and recurrent.csv: mean scores by row. recurrent.directions.csv has a line for each
/// repetition, weight and part.
Report read(const Results& results, Lab& lab);

}  // namespace experiments::beyond::recurrent
