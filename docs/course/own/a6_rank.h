#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>

/// Assignment a6, question 6: the rank of a change, from the adapter that learned it.
namespace course::a6 {

using Eigen::MatrixXd;

/// A trained adapter on one matrix. Its change is s B A; B and A alone are known up to a gauge,
/// (B R, R⁻¹ A), and no reading may depend on R.
struct Factors {
  MatrixXd B;    ///< (out,r)
  MatrixXd A;    ///< (r,in)
  double s = 1;  ///< the scale
};

/// What there is to judge by.
struct Evidence {
  Factors adapter;
  /// The control: an adapter of the same shapes on the same inputs that had nothing to learn, as one
  /// trained on permuted labels. What its change does to inputs is the size of noise here.
  Factors control;
  MatrixXd C;            ///< (in,in), E[x xᵀ] of the inputs; some directions may have none
  double loss_left = 0;  ///< what is left of the loss before training, as a fraction
};

/// A rank, or why there is none to be read.
struct Reading {
  std::optional<int> rank;
  std::string why_none = {};
};

/// How many directions of the change are more than noise, for inputs that occur. 0 is a rank: the
/// adapter shows no more than its control. It refuses where training has not ended, where the
/// values fall so evenly that any count would be an accident of the threshold, and where all r
/// values stand out, since the rank may then be larger than r.
///
/// The rule is yours. It is judged where there is no doubt. Write n for the control's largest
/// singular value, of its change as inputs meet it. Then in every case, of the adapter's values,
///
///   those that were planted are at least 3 n, and the others at most 1.3 n;
///   loss_left is at most 0.005 where training has ended, and at least 0.05 where it has not;
///   where the values fall evenly, each is at least 1 / 1.3 of the one before, from above 3 n to
///   below 1.3 n.
Reading read_rank(const Evidence& evidence);

}  // namespace course::a6
