#pragma once

#include "experiments/paper/adapters.h"
#include "lora/analysis/subspace.h"

/// Adapters that are not trained, for tests: their directions are known.
namespace fake {

constexpr lora::Index dimension = 40;

inline lora::MatrixXd gaussian(lora::Index rows, lora::Index cols, const std::string& stream,
                               std::uint64_t seed = 0) {
  autograd::Random random(seed, stream);
  return lora::gaussian(rows, cols, random);
}

/// An adapted matrix with these right and left directions (d,r), the singular values r, ..., 1.
inline experiments::paper::AdaptedMatrix adapted(const lora::MatrixXd& W,
                                                 const lora::MatrixXd& left,
                                                 const lora::MatrixXd& right) {
  const lora::Index r = right.cols();
  experiments::paper::AdaptedMatrix matrix{W, {}, {}};
  matrix.delta.U = lora::orthonormal_basis(left);
  matrix.delta.V = lora::orthonormal_basis(right);
  matrix.delta.sigma = lora::VectorXd::LinSpaced(r, static_cast<double>(r), 1);
  matrix.A = matrix.delta.sigma.asDiagonal() * matrix.delta.V.transpose();
  return matrix;
}

inline experiments::training::Cell cell(const std::string& task, int rank, std::uint64_t seed,
                                        double alpha = 8) {
  experiments::training::Cell cell;
  cell.task = task;
  cell.targets = {"q", "v"};
  cell.rank = rank;
  cell.alpha = alpha;
  cell.scaling = "alpha/r";
  cell.seed = seed;
  cell.base_seed = 2;
  return cell;
}

/// Directions drawn for this name, rank and seed alone.
inline lora::MatrixXd own_directions(const std::string& name, int rank, std::uint64_t seed) {
  return gaussian(dimension, rank, name + std::to_string(rank), seed);
}

}  // namespace fake
