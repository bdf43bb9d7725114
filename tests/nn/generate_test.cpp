#include "nn/generate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/nn/small_decoder.h"

namespace generate_test {

using nn::Decoder;
using nn::GenerateOptions;
using Ids = std::vector<int>;

namespace {

nn::DecoderConfig config() {
  nn::DecoderConfig c = small_config();
  c.vocabulary = 9;
  c.context = 8;
  c.embedding_stddev = 1;  // so that the tied head does not only repeat the last token
  return c;
}

Ids generated(Decoder& model, const Ids& prompt, const GenerateOptions& options,
              std::uint64_t seed = 1) {
  nn::Random random(seed, "generate");
  return generate(model, prompt, options, random);
}

/// The most likely next token, from the logits of all positions.
int most_likely(Decoder& model, const Ids& ids) {
  const nn::Matrix logits = logits_of(model, {1, static_cast<nn::Index>(ids.size()), ids});
  Eigen::Index best = 0;
  logits.row(logits.rows() - 1).maxCoeff(&best);
  return static_cast<int>(best);
}

}  // namespace

TEST_CASE("greedy generation takes the most likely token again and again") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Decoder model(config(), seed);
    Ids ids{1, 2};
    while (ids.size() < 6) ids.push_back(most_likely(model, ids));
    const Ids expected(ids.begin() + 2, ids.end());
    CHECK(generated(model, {1, 2}, {.max_tokens = 4}) == expected);
    CHECK(generated(model, {1, 2}, {.max_tokens = 4}, 99) == expected);
    for (const double temperature : {0.1, 1.0, 50.0})
      CHECK(generated(model, {1, 2}, {.max_tokens = 4, .temperature = temperature, .top_k = 1}) ==
            expected);
  }
}

TEST_CASE("generation ends after the stop token, or where the context is full") {
  Decoder model(config(), 1);
  const Ids all = generated(model, {1, 2}, {.max_tokens = 100});
  CHECK(all.size() == 6);
  CHECK(generated(model, {1, 2}, {.max_tokens = 0}).empty());
  const int stop = all[2];
  const auto first = std::find(all.begin(), all.end(), stop);
  CHECK(generated(model, {1, 2}, {.max_tokens = 100, .stop = stop}) == Ids(all.begin(), first + 1));
}

TEST_CASE("sampling follows the softmax of the logits over the temperature, among the top k") {
  Decoder model(config(), 4);
  const Ids prompt{1, 2};
  const nn::Matrix logits = logits_of(model, {1, 2, prompt}).bottomRows(1);
  const double temperature = 2;
  for (const int top_k : {0, 3}) {
    Eigen::ArrayXd p = (logits.row(0).cast<double>().transpose().array() / temperature).exp();
    if (top_k > 0) {
      std::vector<double> sorted(p.begin(), p.end());
      std::sort(sorted.rbegin(), sorted.rend());
      p = (p >= sorted[static_cast<std::size_t>(top_k) - 1]).select(p, 0.0);
    }
    p /= p.sum();
    const int n = 4000;
    Eigen::ArrayXd counts = Eigen::ArrayXd::Zero(9);
    nn::Random random(1, "sampling");
    const GenerateOptions options{1, -1, temperature, top_k};
    for (int i = 0; i < n; ++i) counts(generate(model, prompt, options, random).at(0)) += 1;
    for (Eigen::Index token = 0; token < 9; ++token) {
      const double deviation = std::sqrt(n * p(token) * (1 - p(token)));
      CHECK(std::abs(counts(token) - n * p(token)) <= 5 * deviation);
    }
  }
}

TEST_CASE("requests that make no sense are errors") {
  Decoder model(config(), 1);
  const auto error = [&](const Ids& prompt, const GenerateOptions& options) {
    return message_of<std::invalid_argument>([&] { generated(model, prompt, options); });
  };
  CHECK(error({}, {}) == "generate: the prompt is empty");
  CHECK(error(Ids(8, 1), {}) == "generate: 8 tokens leave no room in a context of 8");
  CHECK(error({1}, {.temperature = -1}) == "generate: temperature must be at least 0, not -1");
  CHECK(error({1}, {.temperature = NAN}) == "generate: temperature must be at least 0, not nan");
  CHECK(error({1}, {.top_k = 10}) == "generate: top-k must be in 0..9, not 10");
  CHECK(error({1}, {.top_k = -1}) == "generate: top-k must be in 0..9, not -1");
  CHECK(error({1}, {.max_tokens = -1}) == "generate: max tokens must be at least 0, not -1");
  CHECK(error({9}, {}) != "");
}

}  // namespace generate_test
