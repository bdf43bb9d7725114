#include "experiments/finetune/text_score.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/loss.h"

namespace experiments::finetune {

namespace {

// Adds what the logits (n,V) say of a batch; its rows are those texts.
void add_batch(const nn::Matrix& logits, const TextBatch& batch, std::span<const int> texts,
               TextScore& score, const OnTextAnswer& on_answer) {
  std::vector<TextAnswer> answers(texts.size());
  for (std::size_t i = 0; i < batch.targets.size(); ++i) {
    const auto row = logits.row(static_cast<nn::Index>(i));
    nn::Index best = 0;
    const nn::Scalar max = row.maxCoeff(&best);
    const double lse =
        static_cast<double>(max) + std::log(static_cast<double>((row.array() - max).exp().sum()));
    const double nll = lse - static_cast<double>(row(batch.targets[i]));
    score.right += best == batch.targets[i];
    score.nll += nll;
    TextAnswer& answer = answers[batch.rows[i]];
    answer.best.push_back(static_cast<int>(best));
    answer.nll += nll;
  }
  score.texts += static_cast<long>(texts.size());
  score.targets += static_cast<long>(batch.targets.size());
  for (std::size_t b = 0; on_answer && b < texts.size(); ++b)
    on_answer(static_cast<std::size_t>(texts[b]), answers[b]);
}

}  // namespace

TextScore score_texts(nn::Pretrained& model, std::span<const Text> texts, int pad,
                      const OnTextAnswer& on_answer) {
  constexpr std::size_t ids_at_once = 1024;
  std::vector<int> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {},
                           [&](int i) { return texts[static_cast<std::size_t>(i)].ids.size(); });
  TextScore score;
  const auto length = [&](std::size_t place) {
    return texts[static_cast<std::size_t>(order[place])].ids.size();
  };
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    // The last is the longest, to which the others are filled up.
    for (end = begin + 1; end < order.size(); ++end)
      if ((end + 1 - begin) * length(end) > ids_at_once) break;
    const auto numbers = std::span(order).subspan(begin, end - begin);
    std::vector<const Text*> rows;
    for (const int i : numbers) rows.push_back(&texts[static_cast<std::size_t>(i)]);
    const TextBatch batch = text_batch(model, rows, pad);
    nn::Tape tape(autograd::TapeMode::values);
    const nn::Matrix& logits = text_logits({tape}, model, batch).value().m;
    if (!logits.allFinite()) throw nn::NonFiniteLogits("score: the model's logits are not finite");
    add_batch(logits, batch, numbers, score, on_answer);
  }
  return score;
}

}  // namespace experiments::finetune
