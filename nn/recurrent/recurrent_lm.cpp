#include "nn/recurrent/recurrent_lm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nn::inline LOWRANK_PRECISION {

void validate(const RecurrentLmConfig& c) {
  const auto positive = [](Index value, const char* name) {
    if (value < 1)
      throw std::invalid_argument(fmt::format("{} must be at least 1, not {}", name, value));
  };
  positive(c.vocabulary, "vocabulary");
  positive(c.context, "context");
  positive(c.hidden, "hidden");
  positive(c.layers, "layers");
  if (!(c.embedding_stddev >= 0) || !std::isfinite(c.embedding_stddev))
    throw std::invalid_argument(
        fmt::format("embedding_stddev must be at least 0, not {}", c.embedding_stddev));
}

static const RecurrentLmConfig& validated(const RecurrentLmConfig& config) {
  validate(config);
  return config;
}

RecurrentLm::RecurrentLm(const RecurrentLmConfig& c, std::uint64_t seed)
    : config(validated(c)),
      tok(c.vocabulary, c.hidden, c.embedding_stddev, seed, "tok"),
      rnn({c.kind, c.hidden, c.hidden, c.layers}, seed, "rnn"),
      head{"head.weight", Random(seed, "head.weight")
                              .normal({c.vocabulary, c.hidden}, preserving_stddev(c.hidden))} {
  name_parameters(*this);
}

// How many tokens each row has before its padding; none where there is no mask.
static std::vector<int> row_lengths(const Tokens& tokens) {
  std::vector<int> lengths;
  if (tokens.mask.empty()) return lengths;
  for (auto row = tokens.mask.begin(); row != tokens.mask.end(); row += tokens.T) {
    const auto end = std::find(row, row + tokens.T, 0);
    if (std::any_of(end, row + tokens.T, [](unsigned char is_token) { return is_token != 0; }))
      throw std::invalid_argument("a recurrent model wants padding behind the tokens of a row");
    lengths.push_back(static_cast<int>(end - row));
  }
  return lengths;
}

Var RecurrentLm::logits(const Pass& pass, const Tokens& tokens, std::span<const int> positions) {
  check_tokens(tokens, config.context, positions);
  const Var words = autograd::reshape(tok.forward(pass, tokens.ids),
                                      {tokens.B, tokens.T, config.hidden});  // (B,T,H)
  const Var y = rnn.forward(pass, words, row_lengths(tokens)).y;             // (B,T,H)
  const std::vector<int> rows(positions.begin(), positions.end());
  const Var wanted = autograd::take_rows(y, rows);                // (n,H)
  return autograd::matmul_nt(wanted, pass.tape.parameter(head));  // (n,V)
}

void RecurrentLm::visit(const std::string& prefix, const Visitor& fn) {
  tok.visit(join(prefix, "tok"), fn);
  rnn.visit(join(prefix, "rnn"), fn);
  fn(join(prefix, "head.weight"), head);
}

void RecurrentLm::visit_slots(const std::string& prefix, const SlotVisitor& fn) {
  rnn.visit_slots(join(prefix, "rnn"), fn);
}

}  // namespace nn::inline LOWRANK_PRECISION
