#pragma once

#include "experiments/harness/experiment.h"

/// How many examples does it take to find a switch? The base of nli knows the answer and has learned
/// not to give it after one prefix. An adaptation that finds that one change solves the task; one
/// that does not can learn its examples by heart, and shortcuts. Where runs are of both kinds a mean
/// with a standard deviation describes neither. So rows are read by how many of their runs solved the
/// task, against the number n of examples: LoRA on {q} and on {q,v}, at r = 1 and r = 8, and full
/// fine-tuning. Control: the frozen base. In Hu et al. 2021 r = 1 is 0.3 points below the best r of
/// {q,v} on MultiNLI (Table 6), and LoRA is ahead of full fine-tuning with 100 examples (Table 16).
namespace experiments::beyond::nli_switch {

Experiment experiment();

/// A run has solved the task from this accuracy on. What can be told without the switch, from the
/// commonest label, the hypothesis or the words that both sentences have, is at most 59 %
/// (`./run tasks`).
constexpr double solved_from = 0.9;

/// How many of a row's runs solved the task, with the exact 95 % interval of the proportion.
struct Solved {
  int runs = 0, solved = 0;
  Interval share;
};
Solved solved(const Runs& runs);

/// The rule, fixed before the grid was run. D is the difference of two rows in one repetition, in
/// runs solved: 1, 0 or -1. n is the smallest or the largest number of examples in the table.
///   many examples, "r = 1 is behind by less than half of the runs"
///     D = {q,v} r = 1 minus {q,v} r = 8      holds above -1/2
///   few examples, "fewer than half of the runs find it"
///     D = {q,v} r = 8, against 0             holds below  1/2
///   many examples, "Wq alone is behind by less than half of the runs"
///     D = {q} r = 8 minus {q,v} r = 8        holds above -1/2
/// Half of the runs is much: the first does not say that r = 1 is as good as r = 8. These are judged
/// among themselves.
Finding finding(const std::vector<CellResult>& results);

}  // namespace experiments::beyond::nli_switch
