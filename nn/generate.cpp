#include "nn/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nn::inline LOWRANK_PRECISION {

static void check(const Model& model, std::span<const int> prompt, const GenerateOptions& o) {
  if (prompt.empty()) throw std::invalid_argument("generate: the prompt is empty");
  if (static_cast<Index>(prompt.size()) >= model.context())
    throw std::invalid_argument(fmt::format("generate: {} tokens leave no room in a context of {}",
                                            prompt.size(), model.context()));
  if (o.max_tokens < 0)
    throw std::invalid_argument(
        fmt::format("generate: max tokens must be at least 0, not {}", o.max_tokens));
  if (!(o.temperature >= 0) || !std::isfinite(o.temperature))
    throw std::invalid_argument(
        fmt::format("generate: temperature must be at least 0, not {}", o.temperature));
  if (o.top_k < 0 || o.top_k > model.vocabulary())
    throw std::invalid_argument(
        fmt::format("generate: top-k must be in 0..{}, not {}", model.vocabulary(), o.top_k));
}

// Draws from softmax(logits / temperature) over the top_k most likely tokens.
int sample(const Eigen::Ref<const Eigen::Matrix<Scalar, 1, Eigen::Dynamic>>& logits,
           const GenerateOptions& o, Random& random) {
  std::vector<int> order(static_cast<std::size_t>(logits.size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return logits(a) > logits(b); });
  if (o.temperature == 0) return order.front();
  if (o.top_k > 0) order.resize(static_cast<std::size_t>(o.top_k));

  std::vector<double> cumulative;
  double total = 0;
  for (const int token : order) {
    total += std::exp(static_cast<double>(logits(token) - logits(order.front())) / o.temperature);
    cumulative.push_back(total);
  }
  const double u = random.uniform() * total;
  const auto drawn = std::upper_bound(cumulative.begin(), cumulative.end(), u) - cumulative.begin();
  return order[std::min(static_cast<std::size_t>(drawn), order.size() - 1)];
}

std::vector<int> generate(Model& model, std::span<const int> prompt, const GenerateOptions& options,
                          Random& random) {
  check(model, prompt, options);
  std::vector<int> ids(prompt.begin(), prompt.end());
  Tape tape(autograd::TapeMode::values);
  for (int i = 0; i < options.max_tokens && static_cast<Index>(ids.size()) < model.context(); ++i) {
    tape.clear();
    const auto T = static_cast<Index>(ids.size());
    const int at[] = {static_cast<int>(T) - 1};
    const Var last = model.logits({tape}, {1, T, ids}, at);  // (1,V)
    if (!last.value().m.allFinite())
      throw std::runtime_error("generate: the model's logits are not finite");
    ids.push_back(sample(last.value().m.row(0), options, random));
    if (ids.back() == options.stop) break;
  }
  return {ids.begin() + static_cast<std::ptrdiff_t>(prompt.size()), ids.end()};
}

}  // namespace nn::inline LOWRANK_PRECISION
