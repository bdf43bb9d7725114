#include "nn/transformer.h"

#include <fmt/format.h>

#include <cmath>

namespace nn::inline LOWRANK_PRECISION {

// 2 layers sublayers add to the residual stream; 1/√(2 layers) on each keeps their sum's variance.
static double residual(const DecoderConfig& c) {
  return 1 / std::sqrt(2 * static_cast<double>(c.layers));
}

Attention::Attention(const DecoderConfig& c, std::uint64_t seed, const std::string& name)
    : heads(c.heads) {
  const double std = preserving_stddev(c.d_model);
  const auto square = [&](const char* which, double stddev) {
    return std::make_unique<Linear>(c.d_model, c.d_model, stddev, seed, join(name, which));
  };
  q = square("q", std);
  k = square("k", std);
  v = square("v", std);
  o = square("o", std * residual(c));
}

Var Attention::mix(const Pass& pass, Var x, const std::vector<unsigned char>& key_mask) {
  const Var queries = q->forward(pass, x);  // (B,T,C), and so are the next two
  const Var keys = k->forward(pass, x);
  const Var values = v->forward(pass, x);
  return autograd::attention(queries, keys, values, {heads, true, key_mask});
}

Var Attention::forward(const Pass& pass, Var x, const std::vector<unsigned char>& key_mask) {
  return o->forward(pass, mix(pass, x, key_mask));
}

void Attention::visit(const std::string& prefix, const Visitor& fn) {
  q->visit(join(prefix, "q"), fn);
  k->visit(join(prefix, "k"), fn);
  v->visit(join(prefix, "v"), fn);
  o->visit(join(prefix, "o"), fn);
}

void Attention::visit_slots(const std::string& prefix, const SlotVisitor& fn) {
  fn(join(prefix, "q"), q);
  fn(join(prefix, "k"), k);
  fn(join(prefix, "v"), v);
  fn(join(prefix, "o"), o);
}

Mlp::Mlp(const DecoderConfig& c, std::uint64_t seed, const std::string& name)
    : form(c.gelu),
      up(std::make_unique<Linear>(c.d_model, c.d_mlp, preserving_stddev(c.d_model), seed,
                                  join(name, "up"))),
      down(std::make_unique<Linear>(c.d_mlp, c.d_model, preserving_stddev(c.d_mlp) * residual(c),
                                    seed, join(name, "down"))) {}

Var Mlp::forward(const Pass& pass, Var x) {
  return down->forward(pass, autograd::gelu(up->forward(pass, x), form));
}

void Mlp::visit(const std::string& prefix, const Visitor& fn) {
  up->visit(join(prefix, "up"), fn);
  down->visit(join(prefix, "down"), fn);
}

void Mlp::visit_slots(const std::string& prefix, const SlotVisitor& fn) {
  fn(join(prefix, "up"), up);
  fn(join(prefix, "down"), down);
}

Block::Block(const DecoderConfig& c, std::uint64_t seed, const std::string& name)
    : ln1(c.d_model),
      ln2(c.d_model),
      attn(c, seed, join(name, "attn")),
      mlp(c, seed, join(name, "mlp")),
      dropout{c.dropout} {}

Var Block::forward(const Pass& pass, Var x, const std::vector<unsigned char>& key_mask,
                   Rows wanted) {
  Var mixed = attn.mix(pass, ln1.forward(pass, x), key_mask);
  // Positions meet in the attention alone. After it a row is by itself, and the others are dropped.
  if (wanted) mixed = autograd::take_rows(mixed, *wanted), x = autograd::take_rows(x, *wanted);
  const Var attended = attn.o->forward(pass, mixed);
  x = autograd::add(x, dropout.forward(pass, attended));
  const Var transformed = mlp.forward(pass, ln2.forward(pass, x));
  return autograd::add(x, dropout.forward(pass, transformed));
}

void Block::visit(const std::string& prefix, const Visitor& fn) {
  ln1.visit(join(prefix, "ln1"), fn);
  attn.visit(join(prefix, "attn"), fn);
  ln2.visit(join(prefix, "ln2"), fn);
  mlp.visit(join(prefix, "mlp"), fn);
}

void Block::visit_slots(const std::string& prefix, const SlotVisitor& fn) {
  attn.visit_slots(join(prefix, "attn"), fn);
  mlp.visit_slots(join(prefix, "mlp"), fn);
}

static const DecoderConfig& validated(const DecoderConfig& config) {
  validate(config);
  return config;
}

Decoder::Decoder(const DecoderConfig& c, std::uint64_t seed)
    : config(validated(c)),
      tok(c.vocabulary, c.d_model, c.embedding_stddev, seed, "tok"),
      pos(c.context, c.d_model, c.embedding_stddev, seed, "pos"),
      ln_f(c.d_model) {
  for (Index i = 0; i < c.layers; ++i)
    blocks.push_back(std::make_unique<Block>(c, seed, fmt::format("blocks.{}", i)));
  if (!c.tied) {
    head.emplace();
    head->value =
        Random(seed, "head.weight").normal({c.vocabulary, c.d_model}, preserving_stddev(c.d_model));
  }
  name_parameters(*this);
}

Var Decoder::embed(const Pass& pass, const Tokens& tokens) {
  std::vector<int> places(tokens.ids.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    places[i] = static_cast<int>(i) % static_cast<int>(tokens.T);
  const Var word = tok.forward(pass, tokens.ids), place = pos.forward(pass, places);
  const Var x = autograd::reshape(autograd::add(word, place), {tokens.B, tokens.T, config.d_model});
  return Dropout{config.dropout}.forward(pass, x);
}

// Block i behind the rows that a prefix puts before it. Afterwards the memory of what no backward
// saved is released.
Var Decoder::run_block(std::size_t i, const Pass& pass, Var x,
                       const std::vector<unsigned char>& key_mask, Rows wanted) {
  if (prefix) x = enter_block(*prefix, pass, static_cast<Index>(i), x);  // (B,P+T,C)
  const autograd::NodeId first = pass.tape.size();
  x = blocks[i]->forward(pass, x, key_mask, wanted);
  pass.tape.release_unsaved(first, x);
  return x;
}

Var Decoder::hidden(const Pass& pass, const Tokens& tokens, std::span<const int> positions) {
  check_tokens(tokens, config.context, positions);
  const Index P = prefix ? prefix->length() : 0;
  const std::vector<unsigned char> key_mask = mask_after_prefix(tokens, P);  // (B,P+T)
  const std::vector<int> wanted = rows_after_prefix(tokens, P, positions);
  const bool all = P == 0 && wanted == all_positions(tokens);

  Var x = embed(pass, tokens);  // (B,T,C)
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool last = i + 1 == blocks.size();
    x = run_block(i, pass, x, key_mask, last && !all ? &wanted : nullptr);
  }
  x = ln_f.forward(pass, x);
  return all ? autograd::reshape(x, {tokens.B * tokens.T, config.d_model}) : x;
}

Var Decoder::logits(const Pass& pass, const Tokens& tokens, std::span<const int> positions) {
  const Var x = hidden(pass, tokens, positions);                                  // (n,C)
  return autograd::matmul_nt(x, pass.tape.parameter(head ? *head : tok.weight));  // (n,V)
}

void Decoder::visit(const std::string& under, const Visitor& fn) {
  tok.visit(join(under, "tok"), fn);
  pos.visit(join(under, "pos"), fn);
  for (std::size_t i = 0; i < blocks.size(); ++i)
    blocks[i]->visit(join(under, fmt::format("blocks.{}", i)), fn);
  ln_f.visit(join(under, "ln_f"), fn);
  if (head) fn(join(under, "head.weight"), *head);
  if (prefix) prefix->visit(join(under, "prefix"), fn);
}

void Decoder::visit_slots(const std::string& prefix, const SlotVisitor& fn) {
  for (std::size_t i = 0; i < blocks.size(); ++i)
    blocks[i]->visit_slots(join(prefix, fmt::format("blocks.{}", i)), fn);
}

}  // namespace nn::inline LOWRANK_PRECISION
