#include "autograd/gemm.h"

#include <algorithm>
#include <cstring>
#include <utility>

// The three ideas of every fast product (Goto and van de Geijn 2008), as far as our sizes need
// them:
//
// 1. A tile of c, some rows by two vectors, stays in registers while k runs: per step two vectors
//    of b are loaded, and each element of a's column meets both. Many multiply-adds per load.
// 2. The columns of b under the tile, a panel, are copied together once for all rows, in order of
//    k, so that they come from the first-level cache without a gap. The copy also transposes
//    and pads.
// 3. k runs in blocks short enough for a panel to fit that cache.
//
// Rows of a are read where they lie.
namespace autograd::inline LOWRANK_PRECISION {

namespace {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int tile_rows = 12;  // of 32 registers, 24 hold the tile
#else
constexpr int tile_rows = 6;  // of 16 registers, 12 hold the tile
#endif
constexpr int lanes = vector_bytes / static_cast<int>(sizeof(Scalar));
constexpr int panel_cols = 2 * lanes;
constexpr Index block_k = 256;
constexpr Index few_rows = 64;  // below, copying a panel costs more than reading it in place

using Vector [[gnu::vector_size(vector_bytes)]] = Scalar;
#if !defined(__clang__) && __GNUC__ < 12  // which numbers the lanes in a vector of whole numbers
using LaneNumber = std::conditional_t<sizeof(Scalar) == 4, std::int32_t, std::int64_t>;
using Mask [[gnu::vector_size(vector_bytes)]] = LaneNumber;
#endif

inline Vector load(const Scalar* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

inline void store(Scalar* to, Vector v) { std::memcpy(to, &v, sizeof v); }

// a0 b0 a1 b1 .. of the lower halves of a and b, or of the upper ones
template <int half, std::size_t... i>
Vector zip(Vector a, Vector b, std::index_sequence<i...>) {
#if defined(__clang__) || __GNUC__ >= 12
  return __builtin_shufflevector(a, b, (half * lanes / 2 + i / 2 + (i % 2) * lanes)...);
#else
  return __builtin_shuffle(a, b, Mask{(half * lanes / 2 + i / 2 + (i % 2) * lanes)...});
#endif
}

// `to` (lanes,lanes), rows `ld` apart, becomes the transpose of `from`. Zipping row i with row i +
// lanes/2 takes the index (i, j) of an element, written in binary as one word, one place around;
// after log2(lanes) times row and column have changed places.
void transpose_square(const Scalar* from, Index from_ld, Scalar* to, Index ld) {
  constexpr auto all = std::make_index_sequence<lanes>();
  Vector rows[lanes], zipped[lanes];
  for (int i = 0; i < lanes; ++i) rows[i] = load(from + i * from_ld);
  for (int width = 1; width < lanes; width *= 2) {
    for (int i = 0; i < lanes / 2; ++i) {
      zipped[2 * i] = zip<0>(rows[i], rows[i + lanes / 2], all);
      zipped[2 * i + 1] = zip<1>(rows[i], rows[i + lanes / 2], all);
    }
    std::copy(zipped, zipped + lanes, rows);
  }
  for (int i = 0; i < lanes; ++i) store(to + i * ld, rows[i]);
}

// Copies `cols` columns of K rows of b into a panel of `vectors` vectors, zero beyond them.
template <int vectors>
void pack(const Strided& b, Index K, Index cols, Scalar* panel) {
  constexpr Index width = vectors * lanes;
  if (b.col == 1 && cols == width) {
    for (Index k = 0; k < K; ++k)
      for (int v = 0; v < vectors; ++v)
        store(panel + k * width + v * lanes, load(b.data + k * b.row + v * lanes));
    return;
  }
  if (cols < width) std::fill(panel, panel + K * width, Scalar{0});
  Index whole_k = 0, whole_cols = 0;
  if (b.row == 1) {
    whole_k = K / lanes * lanes, whole_cols = cols / lanes * lanes;
    for (Index j = 0; j < whole_cols; j += lanes)
      for (Index k = 0; k < whole_k; k += lanes)
        transpose_square(b.data + j * b.col + k, b.col, panel + k * width + j, width);
  }
  for (Index j = 0; j < cols; ++j)
    for (Index k = j < whole_cols ? whole_k : 0; k < K; ++k)
      panel[k * width + j] = b.data[k * b.row + j * b.col];
}

// What a tile of c is made of, or the column of tiles under one panel.
struct Tile {
  const Scalar* a;
  Index a_row, a_col;
  const Scalar* panel;
  Index panel_row;
  Index K, cols;  // cols: of the panel's, those that are c's
  Scalar scale;
  const Scalar* start;
  Index start_row;
  Scalar* c;
  Index c_row;

  void move_down(Index rows) {
    a += rows * a_row;
    c += rows * c_row;
    if (start) start += rows * start_row;
  }
};

template <int rows, int vectors>
void run_tile(const Tile& t) {
  // Loops over registers are unrolled by hand, or GCC clears the sums with memset and keeps them in
  // memory on their way to c.
  Vector sum[rows][vectors];
#pragma GCC unroll 12
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[i][v] = Vector{};
  const Scalar *a = t.a, *b = t.panel;
  for (Index k = 0; k < t.K; ++k, a += t.a_col, b += t.panel_row) {
    Vector row_of_b[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) row_of_b[v] = load(b + v * lanes);
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sum[i][v] += a[i * t.a_row] * row_of_b[v];
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; ++i) {
    Scalar* c = t.c + i * t.c_row;
    const Scalar* start = t.start ? t.start + i * t.start_row : nullptr;
    if (t.cols == vectors * lanes) {
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v)
        store(c + v * lanes, t.scale * sum[i][v] + (start ? load(start + v * lanes) : Vector{}));
    } else {
      Scalar one_row[vectors * lanes];
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) store(one_row + v * lanes, sum[i][v]);
      for (Index j = 0; j < t.cols; ++j) c[j] = t.scale * one_row[j] + (start ? start[j] : 0);
    }
  }
}

// All rows of c under one panel of b.
template <int vectors>
void run_panel(Tile t, const Strided& b, Index M) {
  constexpr Index width = vectors * lanes;
  alignas(vector_bytes) Scalar packed[block_k * width];
  if (M >= few_rows || t.cols < width || b.col != 1) {
    pack<vectors>(b, t.K, t.cols, packed);
    t.panel = packed;
    t.panel_row = width;
  }
  const auto run = [&]<int rows>(std::integral_constant<int, rows>) {
    run_tile<rows, vectors>(t);
    t.move_down(rows);
    M -= rows;
  };
  while (M >= tile_rows) run(std::integral_constant<int, tile_rows>());
  while (M >= 4) run(std::integral_constant<int, 4>());
  while (M >= 1) run(std::integral_constant<int, 1>());
}

}  // namespace

void gemm_tiles(const Gemm& g) {
  for (Index k = 0; k == 0 || k < g.K; k += block_k) {
    for (Index j = 0; j < g.N; j += panel_cols) {
      const Strided b{g.b.data + k * g.b.row + j * g.b.col, g.b.row, g.b.col};
      Tile tile{.a = g.a.data + k * g.a.col,
                .a_row = g.a.row,
                .a_col = g.a.col,
                .panel = b.data,
                .panel_row = b.row,
                .K = std::min(block_k, g.K - k),
                .cols = std::min<Index>(panel_cols, g.N - j),
                .scale = g.scale,
                .start = g.start ? g.start + j : nullptr,
                .start_row = g.start_row,
                .c = g.c + j,
                .c_row = g.c_row};
      if (k > 0) tile.start = tile.c, tile.start_row = tile.c_row;
      tile.cols <= lanes ? run_panel<1>(tile, b, g.M) : run_panel<2>(tile, b, g.M);
    }
  }
}

}  // namespace autograd::inline LOWRANK_PRECISION
