#include <doctest/doctest.h>

#include <cmath>

#include "experiments/beyond/step_size.h"
#include "lora/analysis/subspace.h"
#include "lora/inject.h"
#include "tests/experiments/fake_cells.h"

namespace step_size_measure_test {

using namespace experiments::beyond;
using namespace experiments::beyond::step_size;
using doctest::Approx;

namespace {

Base small_base() {
  return {base_config(7, 1), std::make_shared<nn::Decoder>(BaseConfig::default_model(), 7)};
}

// A model with LoRA of this rank on q.
struct Adapted {
  std::unique_ptr<nn::Model> model;
  lora::LoraLinear& layer;

  explicit Adapted(int rank)
      : model(prepare(small_base(), fake::cell("sqlgen", {"q"}, rank, 1))),
        layer(*lora::lora_layers(*model).at(0).second) {
    for (const auto& [name, each] : lora::lora_layers(*model)) {
      nn::Random random(static_cast<std::uint64_t>(rank), "test.B." + name);
      each->B.value = random.normal({64, rank}, 1);
    }
  }
  // ΔW = U diag(sigma) Vᵀ; U (64,r) and V (64,r) have orthonormal columns.
  void set(const lora::MatrixXd& U, const lora::VectorXd& sigma, const lora::MatrixXd& V) {
    layer.B.value.m = (U * sigma.asDiagonal() / layer.scale()).cast<nn::Scalar>();
    layer.A.value.m = V.transpose().cast<nn::Scalar>();
  }
};

lora::MatrixXd orthonormal(int columns, std::uint64_t seed) {
  nn::Random random(seed, "test.basis");
  return lora::random_subspace(64, columns, random);
}

}  // namespace

TEST_CASE("amplification: along W's own directions, of a random change, and of a larger one") {
  Adapted adapted(4);
  const lora::Svd W = lora::svd(adapted.layer.w0().m.cast<double>());
  const auto measured = [&](const std::string& what, int block) {
    CellResult result = fake::result(fake::cell("sqlgen", {"q"}, 4, 1));
    measure_amplification(*adapted.model, result);
    CHECK(result.more.size() == 8);
    return result.more.at(what + ".blocks." + std::to_string(block) + ".attn.q");
  };
  adapted.set(W.U.leftCols(4), lora::VectorXd::Ones(4), W.V.leftCols(4));
  CHECK(measured("position", 0) == Approx(1).epsilon(1e-4));
  CHECK(measured("relative", 0) == Approx(2 / W.sigma.norm()).epsilon(1e-4));
  CHECK(measured("factor", 0) == Approx(2 / W.sigma.head(4).norm()).epsilon(1e-4));
  CHECK(std::abs(measured("position", 1)) < 0.3);  // drawn at random, as A is
  CHECK(measured("over_random", 1) == Approx(1).epsilon(0.5));
  // Four times as large: the factor follows and the place does not.
  adapted.set(W.U.leftCols(4), 4 * lora::VectorXd::Ones(4), W.V.leftCols(4));
  CHECK(measured("factor", 0) == Approx(8 / W.sigma.head(4).norm()).epsilon(1e-4));
  CHECK(measured("position", 0) == Approx(1).epsilon(1e-4));
  adapted.layer.B.value.m(0, 0) = std::nanf("");
  for (const char* what : {"position", "relative", "factor", "over_random"})
    CHECK(std::isnan(measured(what, 0)));
}

TEST_CASE("agreement: one direction, none, and two of equal strength") {
  Adapted of_fewer(fewer), of_more(more);
  const auto measured = [&](const std::string& what) {
    CellResult result = fake::result(fake::cell("sqlgen", {"q"}, more, 1));
    measure_agreement(*of_fewer.model, *of_more.model, result);
    CHECK(result.more.size() == 6);
    return result.more.at(what + ".blocks.0.attn.q");
  };
  const auto falling = [](int r, double ratio) {
    lora::VectorXd sigma(r);
    for (int i = 0; i < r; ++i) sigma(i) = std::pow(ratio, i);
    return sigma;
  };
  const lora::MatrixXd U = orthonormal(fewer + more, 1), V = orthonormal(fewer + more, 2);
  of_fewer.set(U.leftCols(fewer), falling(fewer, 0.5), V.leftCols(fewer));
  of_more.set(U.leftCols(more), falling(more, 0.8), V.leftCols(more));
  CHECK(measured("top") == Approx(1).epsilon(1e-4));
  CHECK(measured("cosine") == Approx(1).epsilon(1e-4));
  CHECK(measured("second") == Approx(0.8).epsilon(1e-4));

  // All directions of one are orthogonal to those of the other: below chance, which is 1/64.
  of_more.set(U.rightCols(more), falling(more, 0.8), V.rightCols(more));
  CHECK(measured("top") == Approx(-1. / 63).epsilon(1e-3));
  CHECK(measured("cosine") < 1e-6);

  // The same plane, its two strongest directions in the other order: no first direction is shared,
  // and the subspaces are.
  lora::MatrixXd turned = V.leftCols(more);
  turned.col(0).swap(turned.col(1));
  of_more.set(U.leftCols(more), falling(more, 0.99), turned);
  CHECK(measured("top") < 0);
  CHECK(measured("cosine") == Approx(1).epsilon(1e-4));
  CHECK(measured("second") > 0.98);

  of_fewer.layer.B.value.m(0, 0) = std::nanf("");
  for (const char* what : {"top", "second", "cosine"}) CHECK(std::isnan(measured(what)));
}

TEST_CASE("beside the adapter of 16 ranks that of 8 is trained, and changes nothing of it") {
  const Base base = small_base();
  Cell cell = fake::cell("nli", {"q", "v"}, more, 1);
  cell.steps = 3;
  cell.examples = 40;
  const CellResult found = train_and_measure(base, cell), alone = run_cell(base, cell);
  CHECK(found.cell.key() == cell.key());
  CHECK(found.value == alone.value);
  CHECK(found.nll == alone.nll);
  for (const char* what : {"top", "second", "cosine"})
    for (const char* matrix : {"blocks.0.attn.q", "blocks.1.attn.v"})
      CHECK(std::isfinite(found.more.at(std::string(what) + "." + matrix)));
  CHECK(found.more.count("position.blocks.0.attn.q") == 0);
  cell.rank = amplified;
  const CellResult small = train_and_measure(base, cell);
  CHECK(small.more.count("position.blocks.0.attn.q") == 1);
  CHECK(small.more.count("top.blocks.0.attn.q") == 0);
}

}  // namespace step_size_measure_test
