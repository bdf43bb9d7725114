#pragma once

#include <optional>

#include "nn/layers.h"
#include "nn/model.h"
#include "nn/prefix.h"

/// A decoder-only transformer in the pre-norm form of GPT-2 (Radford et al. 2019).
/// Alphabet: B batch rows, T positions, C = d_model, V words, H heads, hs = C / H.
namespace nn::inline LOWRANK_PRECISION {

struct DecoderConfig {
  Index vocabulary = 0;  ///< V
  Index context = 0;     ///< the longest T
  Index d_model = 64;    ///< C
  Index layers = 2;
  Index heads = 4;
  Index d_mlp = 256;
  bool tied = true;  ///< the head is the token table, without a weight of its own
  autograd::Gelu gelu = autograd::Gelu::erf;
  double embedding_stddev = 0.1;
  double dropout = 0;  ///< on the sum of embeddings and on what each sublayer adds

  bool operator==(const DecoderConfig&) const = default;
};

/// Throws std::invalid_argument naming the first field that makes no model.
void validate(const DecoderConfig& config);

/// A slot and what its projection maps, (..,in) -> (..,out).
struct SlotShape {
  std::string name;
  Index in = 0, out = 0;
  bool operator==(const SlotShape&) const = default;
};

/// What visit_slots shows of a decoder, which need not exist, in its order.
std::vector<SlotShape> slot_shapes(const DecoderConfig& config);

/// Causal multi-head attention with four separate projections, so that any of them can be wrapped.
struct Attention final : Module {
  Index heads;
  std::unique_ptr<Projection> q, k, v, o;  // each (..,C) -> (..,C)

  Attention(const DecoderConfig& config, std::uint64_t seed, const std::string& name);

  /// x (B,T,C) -> (B,T,C). `key_mask` as in autograd::AttentionSpec.
  Var forward(const Pass& pass, Var x, const std::vector<unsigned char>& key_mask);
  /// The same before the projection o: what each position has gathered from those it sees.
  Var mix(const Pass& pass, Var x, const std::vector<unsigned char>& key_mask);
  void visit(const std::string& prefix, const Visitor& fn) override;
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override;
};

/// down(gelu(up(x))).
struct Mlp final : Module {
  autograd::Gelu form;
  std::unique_ptr<Projection> up, down;  // C -> d_mlp -> C

  Mlp(const DecoderConfig& config, std::uint64_t seed, const std::string& name);

  Var forward(const Pass& pass, Var x);
  void visit(const std::string& prefix, const Visitor& fn) override;
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override;
};

/// Rows of a folded (B,T,C), by their numbers b*T + t; null for all of them.
using Rows = const std::vector<int>*;

/// x + attn(ln1(x)), then x + mlp(ln2(x)).
struct Block final : Module {
  LayerNorm ln1, ln2;
  Attention attn;
  Mlp mlp;
  Dropout dropout;

  Block(const DecoderConfig& config, std::uint64_t seed, const std::string& name);

  /// x (B,T,C) -> (B,T,C), or (n,C) where only n rows of the result are wanted. The same numbers in
  /// them as among all; what no wanted row depends on is not computed.
  Var forward(const Pass& pass, Var x, const std::vector<unsigned char>& key_mask,
              Rows wanted = nullptr);
  void visit(const std::string& prefix, const Visitor& fn) override;
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override;
};

struct Decoder final : Model {
  DecoderConfig config;
  Embedding tok, pos;
  std::vector<std::unique_ptr<Block>> blocks;
  LayerNorm ln_f;
  std::optional<Parameter> head;   // (V,C), where it is not tied
  std::unique_ptr<Prefix> prefix;  // null unless one was put in; its parameters are under "prefix"

  /// Weights ~ N(0, 1/fan_in), those that write into the residual stream (o and down) divided by
  /// √(2 layers), embeddings ~ N(0, embedding_stddev²), each from its own stream (seed, name).
  Decoder(const DecoderConfig& config, std::uint64_t seed);

  /// What the head reads: (n,C) after the last layer norm, at n positions of the tokens. Throws as
  /// check_tokens() does.
  Var hidden(const Pass& pass, const Tokens& tokens, std::span<const int> positions);

  Index vocabulary() const override { return config.vocabulary; }
  Index context() const override { return config.context; }
  Var logits(const Pass& pass, const Tokens& tokens, std::span<const int> positions) override;

  void visit(const std::string& prefix, const Visitor& fn) override;
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override;

 private:
  Var embed(const Pass& pass, const Tokens& tokens);
  Var run_block(std::size_t i, const Pass& pass, Var x, const std::vector<unsigned char>& key_mask,
                Rows wanted);
};

}  // namespace nn::inline LOWRANK_PRECISION
