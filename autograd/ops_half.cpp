#include <algorithm>

#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"
#include "autograd/ops_models.h"

namespace autograd::inline LOWRANK_PRECISION {

// Rows of w in one tile. A multiple of what gemm_tiles takes of k at once (256): dx below is then
// summed in the same blocks as in one product, and is the same bit for bit.
static constexpr Index tile_rows = 256;

// y = x wᵀ + 1 bᵀ as affine, with w cut into tiles of rows w_t; y_t and dy_t are their columns:
//   y_t = x w_tᵀ + 1 b_tᵀ         dx += Σ_t dy_t w_t         db += column sums of dy
struct AffineHalf final : Op {
  std::shared_ptr<const HalfMatrix> w;
  bool has_bias;
  AffineHalf(std::shared_ptr<const HalfMatrix> weight, bool bias)
      : w(std::move(weight)), has_bias(bias) {}
  const char* name() const override { return "affine_half"; }

  // Calls product(begin, w_t) for each tile, the rows of w from `begin`.
  template <class Product>
  void for_each_tile(Context& ctx, const Product& product) const {
    Matrix& floats = ctx.scratch({std::min(tile_rows, w->rows()), w->cols()});
    for (Index begin = 0; begin < w->rows(); begin += tile_rows) {
      auto tile = floats.topRows(std::min(tile_rows, w->rows() - begin));
      w->convert_rows(begin, tile);
      product(begin, tile);
    }
  }

  void forward(Context& ctx) override {
    for_each_tile(ctx, [&](Index begin, const auto& tile) {
      const Index n = tile.rows();
      const auto y = ctx.out().middleCols(begin, n);
      if (has_bias)
        ctx.affine(ctx.in(0), tile, as_row(ctx.in(1)).middleCols(begin, n), y);
      else
        ctx.matmul_nt(ctx.in(0), tile, y);
    });
  }

  void backward(Context& ctx) override {
    const Matrix& dy = ctx.dout();
    if (Gradient dx = ctx.grad(0)) {
      for_each_tile(ctx, [&](Index begin, const auto& tile) {
        const Gradient sum(dx.sum(), dx.is_fresh() && begin == 0);
        ctx.add_matmul_nn(dy.middleCols(begin, tile.rows()), tile, sum);
      });
    }
    if (!has_bias) return;
    if (Gradient db = ctx.grad(1)) kernels::add_column_sums(dy, db);
  }
};

Var affine_half(Var x, std::shared_ptr<const HalfMatrix> w, std::optional<Var> b) {
  const Shape in = x.shape();
  const Index N = w->rows();
  if (w->rows() < 1 || in.cols() != w->cols() || (b && b->value().size() != N))
    throw ShapeError(fmt::format(
        "affine_half: wants (..,K), (N,K) and (N) or nothing, but the shapes are {} {} {}",
        in.str(), w->shape.str(), b ? b->shape().str() : "none"));
  std::vector<Index> out;
  for (int i = 0; i + 1 < in.rank(); ++i) out.push_back(in[i]);
  out.push_back(N);
  auto op = std::make_unique<AffineHalf>(std::move(w), b.has_value());
  if (b) return record(std::move(op), {x, *b}, Shape(out));
  return record(std::move(op), {x}, Shape(out));
}

}  // namespace autograd::inline LOWRANK_PRECISION
