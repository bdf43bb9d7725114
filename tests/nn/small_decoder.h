#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "nn/loss.h"
#include "nn/transformer.h"

/// What the tests of models share: a decoder in which up (7,4) and down (4,7) are not square, and a
/// batch for it.

inline nn::DecoderConfig small_config() {
  return {.vocabulary = 5, .context = 3, .d_model = 4, .layers = 2, .heads = 2, .d_mlp = 7};
}

inline nn::TokenBatch small_batch() {
  return {2, 3, {0, 1, 2, 3, 4, 0}, {1, 2, 3, 4, 0, 1}, {1, 1, 1, 0, 1, 1}};
}

/// The logits (B*T,V) of a model for token ids.
inline nn::Matrix logits_of(nn::Model& model, const nn::Tokens& tokens) {
  nn::Tape tape(autograd::TapeMode::values);
  return model.logits({tape}, tokens, nn::all_positions(tokens)).value().m;
}

inline nn::Matrix logits_of_batch(nn::Model& model, const nn::TokenBatch& batch) {
  return logits_of(model, {batch.B, batch.T, batch.ids});
}

inline bool same_bits(const nn::Matrix& a, const nn::Matrix& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  return a.size() == 0 ||  // where data() is null, which memcmp must not be given
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(nn::Scalar)) ==
             0;
}

/// The message of the exception that `action` throws, which must be one line; "" if it throws none.
template <class Error, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "";
}
