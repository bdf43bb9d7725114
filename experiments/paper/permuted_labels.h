#pragma once

#include "experiments/harness/experiment.h"

/// The null model of what is read out of trained adapters: the same adapter on the same prompts,
/// with their answers permuted among them. It sees the same inputs, in the same order, from the same
/// draw of A, and there is nothing to learn but the examples by heart; so what it shows as well is
/// no sign of the task.
namespace experiments::paper {

/// Examples that follow no rule take longer to learn than one rule. So a twin is trained for four
/// times as many steps, with the same rate. How far that brings it is in a table, and judged: see
/// below. (Not in `smoke`, where nothing is learned anyway.)
int longer_by(Preset preset);

/// The twin of an adapter's cell: with permuted labels, and trained longer.
Cell permuted_twin(Cell cell, Preset preset);
bool is_permuted(const Cell& cell);
/// "r4" -> "r4-permuted" for a twin, otherwise as it is.
std::string labelled(const std::string& what, const Cell& cell);

/// What these look at beside the score: "own_nll", the loss on the examples that the cell was trained
/// on, with the labels that it was trained on; "blind_nll", that of a guess without the prompt
/// (data::blind_loss), which is the same for both; and "chance", the share of the test's commonest
/// answer.
void measure_own_loss(nn::Model& trained, CellResult& result);

/// Of each task and rank that has twins: the loss on the own labels and the score of both, beside
/// chance, as a section of the report; none where there are no twins.
void add_permuted_section(Report& report, const Results& results);

/// Whether the twins are what they are to be, judged among themselves. For each task, mean over the
/// ranks that have twins:
///   (a) the loss on the own labels falls below that without the prompt at least 0.9 times as far as
///       with true labels. (From the loss of the base it would fall further: answers that go with
///       another prompt are the less likely to it.)
///   (b) the score minus that of the commonest answer is below 3 points
/// Where (a) fails, the twin has learned less by heart than its adapter, and is a null of a smaller
/// change.
Finding permuted_finding(const std::vector<CellResult>& results);

}  // namespace experiments::paper
