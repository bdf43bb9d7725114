#include "experiments/finetune/text_batch.h"

#include <algorithm>

#include <fmt/format.h>

namespace experiments::finetune {

TextBatch text_batch(const nn::Pretrained& model, std::span<const Text* const> rows, int pad) {
  std::size_t longest = 0;
  bool typed = false;
  for (const Text* text : rows) {
    longest = std::max(longest, text->ids.size());
    typed = typed || !text->types.empty();
  }
  const auto B = static_cast<nn::Index>(rows.size()), T = static_cast<nn::Index>(longest);
  const auto n = static_cast<std::size_t>(B * T);
  TextBatch batch;
  nn::Inputs& inputs = batch.inputs;
  inputs.B = B, inputs.T = T;
  inputs.ids.assign(n, pad);
  // What stands behind a row changes nothing of it in a causal model, which needs no mask.
  const bool masked = model.head != nn::Head::causal;
  if (masked) inputs.mask.assign(n, 0);
  if (typed && model.sizes.types > 1) inputs.types.assign(n, 0);

  for (std::size_t b = 0; b < rows.size(); ++b) {
    const Text& text = *rows[b];
    const std::size_t begin = b * longest;
    const auto at = static_cast<std::ptrdiff_t>(begin);
    std::ranges::copy(text.ids, inputs.ids.begin() + at);
    if (masked) std::fill_n(inputs.mask.begin() + at, text.ids.size(), 1);
    if (!inputs.types.empty()) std::ranges::copy(text.types, inputs.types.begin() + at);
    if (model.head == nn::Head::classifier) {
      batch.positions.push_back(static_cast<int>(begin));
      batch.targets.push_back(text.label);
      batch.rows.push_back(b);
      continue;
    }
    for (auto t = static_cast<std::size_t>(text.first_target); t < text.ids.size(); ++t) {
      batch.positions.push_back(static_cast<int>(begin + t - 1));  // which has seen those before t
      batch.targets.push_back(text.ids[t]);
      batch.rows.push_back(b);
    }
  }
  return batch;
}

nn::Var text_logits(const nn::Pass& pass, nn::Pretrained& model, const TextBatch& batch) {
  const nn::Inputs inputs = nn::with_prompt(model, batch.inputs);
  const auto T = static_cast<int>(batch.inputs.T), P = static_cast<int>(model.sizes.prompt);
  std::vector<int> positions = batch.positions;
  for (int& p : positions) p += (p / T + 1) * P;
  return model.read_out(pass, inputs, model.hidden(pass, inputs), positions);
}

std::vector<std::vector<int>> epoch_batches(std::span<const Text> texts, int size,
                                            std::uint64_t seed, long epoch) {
  constexpr std::size_t batches_sorted_together = 16;
  nn::Random random(seed, fmt::format("finetune.order.{}", epoch));
  std::vector<int> order = random.permutation(static_cast<int>(texts.size()));
  const auto length = [&](int i) { return texts[static_cast<std::size_t>(i)].ids.size(); };
  const auto per_batch = static_cast<std::size_t>(size);
  std::vector<std::vector<int>> batches;
  for (std::size_t begin = 0; begin < order.size();) {
    const std::size_t end = std::min(order.size(), begin + batches_sorted_together * per_batch);
    const auto chunk = std::span(order).subspan(begin, end - begin);
    std::ranges::stable_sort(chunk, {}, length);
    for (; begin < end; begin = std::min(end, begin + per_batch))
      batches.emplace_back(
          order.begin() + static_cast<std::ptrdiff_t>(begin),
          order.begin() + static_cast<std::ptrdiff_t>(std::min(end, begin + per_batch)));
  }
  random.shuffle(std::span(batches));
  return batches;
}

Padding padding(std::span<const Text> texts, const std::vector<std::vector<int>>& batches) {
  Padding padding;
  for (const std::vector<int>& batch : batches) {
    std::size_t longest = 0;
    for (const int i : batch) {
      const std::size_t length = texts[static_cast<std::size_t>(i)].ids.size();
      longest = std::max(longest, length);
      padding.ids += static_cast<long>(length);
    }
    padding.places += static_cast<long>(longest * batch.size());
  }
  return padding;
}

double add_gradients(nn::Tape& tape, nn::Pretrained& model, std::span<const Text* const> rows,
                     const GradientOptions& options) {
  long targets = 0;
  for (const Text* text : rows) targets += text->targets();
  const auto parts = std::min(static_cast<std::size_t>(options.parts), rows.size());
  double whole = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = part * rows.size() / parts, end = (part + 1) * rows.size() / parts;
    tape.clear();
    const nn::Pass pass{tape, options.dropout};
    const TextBatch batch = text_batch(model, rows.subspan(begin, end - begin), options.pad);
    const nn::Var mean = autograd::cross_entropy(
        text_logits(pass, model, batch),
        {.targets = batch.targets, .weights = {}, .label_smoothing = options.label_smoothing});
    // The mean over all targets is the sum of the parts' means, each times its share of them.
    const nn::Var loss = autograd::scale(
        mean, static_cast<double>(batch.targets.size()) / static_cast<double>(targets));
    tape.backward(loss);
    whole += static_cast<double>(loss.value().item());
  }
  return whole;
}

}  // namespace experiments::finetune
