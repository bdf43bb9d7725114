#pragma once

#include <functional>

#include "experiments/paper/adapters.h"

/// Grids of φ(i,j) as the paper's figures 3, 4 and 8 show them: collected over repetitions, with
/// their chance level, for a table, a CSV file and a picture.
namespace experiments::paper {

/// Which singular vectors of an adapter are compared.
enum class Side {
  A,      ///< right-singular vectors of A, as the paper does; near its random start A says little
  right,  ///< right-singular vectors of BA: the inputs that ΔW reads
  left    ///< left-singular vectors of BA: the outputs that it writes
};
const char* to_string(Side side);  ///< "A", "BA-right", "BA-left"
inline constexpr Side all_sides[] = {Side::A, Side::right, Side::left};

/// The vectors, the most important first, r columns.
lora::MatrixXd directions(const AdaptedMatrix& matrix, Side side);

/// One comparison: `what` was compared, of one task, matrix and side, in one repetition.
struct GridKey {
  std::string task, matrix, what;  ///< "nli", "blocks.0.attn.q", "r8-r16", "r8-r16-permuted"
  Side side = Side::right;
  auto operator<=>(const GridKey&) const = default;
};

/// φ(i,j) of one repetition, and the dimension that its chance level refers to.
struct Grid {
  lora::MatrixXd phi;
  lora::Index d = 0;
  double corrected(lora::Index i, lora::Index j) const;  ///< for chance; i and j from 1
};
using Grids = std::map<GridKey, std::map<Repetition, Grid>>;

/// The mean of read(grid) over the matrices of a kind ("q" or "v") for each repetition.
ByRepetition by_repetition(const Grids& grids, const std::string& task, const std::string& kind,
                           const std::string& what, Side side,
                           const std::function<double(const Grid&)>& read);

/// The mean of that over q and v, from the inputs' side of BA.
ByRepetition over_q_and_v(const Grids& grids, const std::string& task, const std::string& what,
                          const std::function<double(const Grid&)>& read);

std::vector<std::string> tasks_of(const Grids& grids);

/// A line per comparison, i and j, over the repetitions: task, matrix, what, side, i, j, n, phi
/// (mean), sd, chance, chance_sd (of one repetition), corrected.
Csv grid_csv(const Grids& grids);

/// Some (i,j) of every comparison as a table: mean φ, and in brackets the corrected mean.
using Spots = std::vector<std::pair<lora::Index, lora::Index>>;

/// That table, and all of the grids as its data.
Report grid_report(const std::string& title, const std::string& paper, const Grids& grids,
                   const Spots& spots);

}  // namespace experiments::paper
