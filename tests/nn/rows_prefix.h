#pragma once

#include "tests/nn/small_decoder.h"

/// A prefix of P random rows for each of the first `blocks` blocks.
struct RowsPrefix final : nn::Prefix {
  nn::Index P, blocks;
  nn::Parameter table;  // (blocks*P,C)

  RowsPrefix(nn::Index length, nn::Index with_rows, nn::Index C) : P(length), blocks(with_rows) {
    table.value = nn::Random(7, "rows").normal({blocks * P, C}, 0.5);
  }
  nn::Index length() const override { return P; }
  std::optional<nn::Var> rows(const nn::Pass& pass, nn::Index layer) override {
    if (layer >= blocks) return std::nullopt;
    return autograd::slice_rows(pass.tape.parameter(table), layer * P, P);
  }
  void visit(const std::string& under, const Visitor& fn) override {
    fn(nn::join(under, "rows"), table);
  }
};

/// Puts one in; the model owns it.
inline RowsPrefix& put_prefix(nn::Decoder& model, nn::Index P, nn::Index blocks = 1) {
  auto prefix = std::make_unique<RowsPrefix>(P, blocks, model.config.d_model);
  RowsPrefix& there = *prefix;
  model.prefix = std::move(prefix);
  nn::name_parameters(model);
  return there;
}
