#include "lora/analysis/head_products.h"
#include "lora/merge.h"

#include <doctest/doctest.h>

#include "tests/lora/small_model.h"

namespace head_products_test {

using namespace lora;
using nn::Decoder;

namespace {

nn::Linear& linear(nn::Projection& p) { return dynamic_cast<nn::Linear&>(p); }

/// Turns a head's q and k, and its v and o, by a gauge that leaves the model's outputs alone.
void turn(nn::Attention& attention) {
  for (const nn::Index first : {0, 2}) {  // two heads of two
    const auto row = [&](nn::Projection& p, nn::Index i) {
      return linear(p).weight.value.m.row(first + i);
    };
    // G = [1 2; 0 1] on q and v; G⁻ᵀ = [1 0; -2 1] on k; G⁻¹ = [1 -2; 0 1] from the right on o.
    row(*attention.q, 0) += 2 * row(*attention.q, 1);
    row(*attention.v, 0) += 2 * row(*attention.v, 1);
    row(*attention.k, 1) -= 2 * row(*attention.k, 0);
    nn::Matrix& o = linear(*attention.o).weight.value.m;
    o.col(first + 1) -= 2 * o.col(first);
  }
}

}  // namespace

TEST_CASE("a gauge of the heads changes q, k, v and o, and neither outputs nor products") {
  Decoder model(small_config(), 1), turned(small_config(), 1);
  for (auto& block : turned.blocks) turn(block->attn);
  REQUIRE(logits_of_batch(turned, small_batch())
              .isApprox(logits_of_batch(model, small_batch()), 1e-5f));
  const nn::Attention &a = model.blocks[1]->attn, &b = turned.blocks[1]->attn;
  CHECK_FALSE(effective_weight(*a.q).isApprox(effective_weight(*b.q), 0.1));  // control
  CHECK_FALSE(effective_weight(*a.o).isApprox(effective_weight(*b.o), 0.1));
  const auto before = head_products(a), after = head_products(b), changes = head_changes(b, a);
  REQUIRE(before.size() == 2);
  for (std::size_t h = 0; h < 2; ++h) {
    CHECK(after[h].qk.isApprox(before[h].qk, 1e-6));
    CHECK(after[h].ov.isApprox(before[h].ov, 1e-6));
    CHECK(svd(before[h].qk).sigma(2) < 1e-12);  // of rank hs = 2
    CHECK(changes[h].qk.norm() < 1e-6);
  }
  CHECK_FALSE(before[0].qk.isApprox(before[1].qk, 0.1));
}

TEST_CASE("the score of two positions is x_iᵀ W_Qᵀ W_K x_j") {
  const Decoder model(small_config(), 1);
  const nn::Attention& a = model.blocks[0]->attn;
  VectorXd xi(4), xj(4);
  xi << 1, -2, 0.5, 3;
  xj << 0.3, 1, -1, 2;
  const VectorXd q = effective_weight(*a.q).lazyProduct(xi),
                 k = effective_weight(*a.k).lazyProduct(xj);
  CHECK(xi.dot(head_products(a)[1].qk.lazyProduct(xj)) ==
        doctest::Approx(q.tail(2).dot(k.tail(2))));
}

TEST_CASE("the weight that is applied, with LoRA and merged") {
  Decoder base(small_config(), 1), model(small_config(), 1);
  inject(model, everywhere(), 5);
  perturb_b(model);
  nn::Attention& attention = model.blocks[0]->attn;
  const auto& layer = dynamic_cast<const LoraLinear&>(*attention.q);
  const MatrixXd W = effective_weight(*attention.q);
  CHECK(W.isApprox(effective_weight(*base.blocks[0]->attn.q) + layer.delta(), 1e-12));
  const auto changes = head_changes(attention, base.blocks[0]->attn);
  CHECK(changes[0].qk.norm() > 1e-3);
  lora::merge(model);
  CHECK(effective_weight(*attention.q).isApprox(W, 1e-12));

  struct Unknown final : nn::Projection {
    nn::Var forward(const nn::Pass&, nn::Var x) override { return x; }
    void visit(const std::string&, const Visitor&) override {}
    nn::Index in_features() const override { return 1; }
    nn::Index out_features() const override { return 1; }
  };
  CHECK_THROWS_AS(effective_weight(Unknown()), std::invalid_argument);
  nn::DecoderConfig other = small_config();
  other.heads = 1;
  const Decoder one_head(other, 1);
  CHECK_THROWS_AS(head_changes(attention, one_head.blocks[0]->attn), std::invalid_argument);
}

}  // namespace head_products_test
