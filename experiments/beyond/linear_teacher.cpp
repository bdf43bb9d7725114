#include "experiments/beyond/linear_teacher.h"

#include <cmath>

#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"

namespace experiments::beyond {

double excess_loss(const lora::MatrixXd& planted, const lora::MatrixXd& M,
                   const lora::MatrixXd& C) {
  const lora::MatrixXd error = planted - M;
  return 0.5 * lora::product(error, C).cwiseProduct(error).sum();  // tr(E C Eᵀ)
}

lora::MatrixXd best_of_rank(const lora::MatrixXd& planted, const lora::MatrixXd& C, int rank) {
  const lora::Svd c = lora::svd(C);  // U diag(λ) Uᵀ
  const lora::MatrixXd root = lora::square_root(C);
  const lora::MatrixXd inverse_root =
      lora::product_nt(c.U * c.sigma.cwiseSqrt().cwiseInverse().asDiagonal(), c.U);
  const lora::Svd whitened = lora::svd(lora::product(planted, root));
  return lora::product(lora::truncated(whitened, rank), inverse_root);
}

std::vector<double> finite_sample_excess(const lora::MatrixXd& planted, double sigma, long n,
                                         int draws, autograd::Random random) {
  const auto ranks = static_cast<std::size_t>(std::min(planted.rows(), planted.cols())) + 1;
  const double noise = sigma / std::sqrt(static_cast<double>(n));
  std::vector<double> excess(ranks, 0.0);
  for (int draw = 0; draw < draws; ++draw) {
    const lora::Svd found =
        lora::svd(planted + noise * lora::gaussian(planted.rows(), planted.cols(), random));
    lora::MatrixXd error = planted;  // ΔW* - M, from M = 0 term by term
    for (std::size_t r = 0; r < ranks; ++r) {
      if (r > 0) {
        const auto i = static_cast<lora::Index>(r) - 1;
        error -= found.sigma(i) * lora::product_nt(found.U.col(i), found.V.col(i));
      }
      excess[r] += 0.5 * error.squaredNorm() / draws;
    }
  }
  return excess;
}

}  // namespace experiments::beyond
