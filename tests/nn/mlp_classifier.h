#pragma once

#include "nn/layers.h"
#include "nn/model.h"

/// The second model beside nn::Decoder: a perceptron that reads a row of T tokens at once, their
/// embeddings (C) side by side, and says the same at every position of the row.
struct MlpClassifier final : nn::Model {
  nn::Index V, T, C;
  nn::Embedding tok;                               // (V,C)
  std::unique_ptr<nn::Projection> hidden, scores;  // T C -> m -> V

  MlpClassifier(nn::Index words, nn::Index length, nn::Index width, nn::Index m, std::uint64_t seed)
      : V(words), T(length), C(width), tok(words, width, 1, seed, "tok") {
    const auto linear = [&](nn::Index in, nn::Index out, const char* name) {
      return std::make_unique<nn::Linear>(in, out, nn::preserving_stddev(in), seed, name);
    };
    hidden = linear(T * C, m, "hidden");
    scores = linear(m, V, "scores");
    nn::name_parameters(*this);
  }

  nn::Index vocabulary() const override { return V; }
  nn::Index context() const override { return T; }

  nn::Var logits(const nn::Pass& pass, const nn::Tokens& tokens,
                 std::span<const int> positions) override {
    nn::check_tokens(tokens, T, positions);
    std::vector<int> rows;
    for (const int position : positions) rows.push_back(position / static_cast<int>(T));
    const nn::Var x = autograd::reshape(tok.forward(pass, tokens.ids), {tokens.B, T * C});
    const nn::Var h = autograd::gelu(hidden->forward(pass, x));  // (B,m)
    return scores->forward(pass, autograd::take_rows(h, rows));  // (n,V)
  }
  void visit(const std::string& prefix, const Visitor& fn) override {
    tok.visit(nn::join(prefix, "tok"), fn);
    hidden->visit(nn::join(prefix, "hidden"), fn);
    scores->visit(nn::join(prefix, "scores"), fn);
  }
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override {
    fn(nn::join(prefix, "hidden"), hidden);
    fn(nn::join(prefix, "scores"), scores);
  }
};
