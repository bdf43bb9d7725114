#include "experiments/training/batches.h"

#include <algorithm>
#include <limits>

namespace experiments::training {

nn::TokenBatch token_batch(const data::Batch& batch) {
  return {batch.batch_size, batch.length, batch.ids, batch.targets, batch.weights};
}

nn::Tensor all_logits(nn::Model& model, const nn::TokenBatch& batch) {
  nn::Tape tape(autograd::TapeMode::values);
  const nn::Tokens tokens{batch.B, batch.T, batch.ids};
  const nn::Var logits = model.logits({tape}, tokens, nn::all_positions(tokens));
  return autograd::reshape(logits, {batch.B, batch.T, model.vocabulary()}).value();
}

nn::Score evaluate(nn::Model& model, std::span<const data::Example> examples,
                   const OnAnswer& on_answer) {
  constexpr std::size_t at_once = 250;
  nn::Score total;
  for (std::size_t begin = 0; begin < examples.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, examples.size() - begin);
    std::vector<Answer> answers(count);
    const auto collect = [&](const nn::Prediction& said) {
      Answer& answer = answers[static_cast<std::size_t>(said.row)];
      answer.tokens.push_back(said.best);
      answer.is_right = answer.is_right && said.best == said.target;
      answer.nll += said.nll;
    };
    total +=
        nn::score(model, token_batch(data::make_batch(examples.subspan(begin, count))), collect);
    for (Answer& answer : answers) {
      answer.nll /= static_cast<double>(answer.tokens.size());
      if (on_answer) on_answer(answer);
    }
  }
  return total;
}

nn::Score evaluate_or_nan(nn::Model& model, std::span<const data::Example> examples) {
  try {
    return evaluate(model, examples);
  } catch (const nn::NonFiniteLogits&) {
    return {.rows = static_cast<long>(examples.size()),
            .nll = std::numeric_limits<double>::quiet_NaN(),
            .weight = 1};
  }
}

}  // namespace experiments::training
