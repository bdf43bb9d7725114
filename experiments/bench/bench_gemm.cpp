#include "experiments/bench/bench_gemm.h"

#include <stdexcept>

#include "autograd/kernels.h"
#include "experiments/harness/timing.h"

namespace experiments::bench {

namespace {

using autograd::Gemm, autograd::Scalar, autograd::Strided;
using Compute = void (&)(const Gemm&);

template <int order>
auto view(const Strided& m, nn::Index rows, nn::Index cols) {
  using M = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, order>;
  const Eigen::OuterStride<> stride(order == Eigen::RowMajor ? m.row : m.col);
  return Eigen::Map<const M, 0, Eigen::OuterStride<>>(m.data, rows, cols, stride);
}

template <int a_order, int b_order>
void eigen_product(const Gemm& g) {
  Eigen::Map<nn::Matrix, 0, Eigen::OuterStride<>> c(g.c, g.M, g.N, Eigen::OuterStride<>(g.c_row));
  c.noalias() = view<a_order>(g.a, g.M, g.K) * view<b_order>(g.b, g.K, g.N);
}

// For comparison. Without start and scale, which are not measured.
void gemm_eigen(const Gemm& g) {
  constexpr int rows = Eigen::RowMajor, cols = Eigen::ColMajor;
  if (g.a.col != 1) return eigen_product<cols, rows>(g);
  if (g.b.col != 1) return eigen_product<rows, cols>(g);
  eigen_product<rows, rows>(g);
}

Compute engine_of(const std::string& name) {
  if (name == "tiles") return autograd::gemm_tiles;
  if (name == "Eigen") return gemm_eigen;
#ifdef LOWRANK_BLAS
  if (name == "OpenBLAS") return autograd::gemm_blas;
#endif
  throw std::invalid_argument("no product is called " + name);
}

}  // namespace

std::vector<Product> products_of_step(const BenchShape& s) {
  using enum Form;
  const nn::Index tokens = s.B * s.T, hs = s.C / s.heads, r = 4;
  return {{"q, k, v, o", tokens, s.C, s.C, nt},   {"up", tokens, 4 * s.C, s.C, nt},
          {"down", tokens, s.C, 4 * s.C, nt},     {"gradient of up", 4 * s.C, s.C, tokens, tn},
          {"scores of a head", s.T, s.T, hs, nt}, {"mix of a head", s.T, hs, s.T, nn},
          {"x A^T of LoRA", tokens, r, s.C, nt},  {"its B", tokens, s.C, r, nt},
          {"gradient of A", r, s.C, tokens, tn},  {"head", tokens, s.V, s.C, nt}};
}

std::vector<std::string> gemm_engines() {
#ifdef LOWRANK_BLAS
  return {"tiles", "Eigen", "OpenBLAS"};
#else
  return {"tiles", "Eigen"};
#endif
}

double gemm_speed(const Product& p, Form form, const std::string& engine) {
  nn::Random random(0, "bench.gemm");
  // a and b as they lie in memory: the one that is transposed lies by its columns.
  const nn::Matrix a = random.uniform({p.M * p.K}, -1, 1).m,
                   b = random.uniform({p.K * p.N}, -1, 1).m;
  nn::Matrix c(p.M, p.N);
  const Gemm g{.M = p.M,
               .N = p.N,
               .K = p.K,
               .a = form == Form::tn ? Strided{a.data(), 1, p.M} : Strided{a.data(), p.K, 1},
               .b = form == Form::nt ? Strided{b.data(), 1, p.K} : Strided{b.data(), p.N, 1},
               .c = c.data(),
               .c_row = p.N,
               .scale = 1,
               .start = nullptr,
               .start_row = 0};
  Compute compute = engine_of(engine);
  return best_gflops(p.flops(), [&] { autograd::kernels::in_chunks(g, compute); });
}

}  // namespace experiments::bench
