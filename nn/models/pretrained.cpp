#include "nn/models/pretrained.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace nn::inline LOWRANK_PRECISION {

std::string to_string(Head head) {
  switch (head) {
    case Head::none:
      return "no head";
    case Head::causal:
      return "causal language model";
    case Head::masked:
      return "masked language model";
    default:
      return "sequence classifier";
  }
}

Var Pretrained::hidden(const Pass& pass, const Inputs& inputs, std::vector<Var>* all) {
  check(inputs);
  Var x = embed(pass, inputs);  // (B,T,C)
  for (Index i = 0; i < sizes.layers; ++i) {
    if (all) all->push_back(x);
    const autograd::NodeId first = pass.tape.size();
    x = layer(i, pass, x, inputs);
    pass.tape.release_unsaved(first, x);
  }
  if (inputs.past) inputs.past->length += inputs.T;
  x = finish(pass, x);
  if (all) all->push_back(x);
  return x;
}

Var Pretrained::logits(const Pass& pass, const Tokens& tokens, std::span<const int> positions) {
  check_tokens(tokens, context(), positions);
  const Inputs inputs =
      with_prompt(*this, {tokens.B, tokens.T, {tokens.ids.begin(), tokens.ids.end()}, tokens.mask});
  std::vector<int> behind_prompt;
  for (const int p : positions)
    behind_prompt.push_back(p +
                            (p / static_cast<int>(tokens.T) + 1) * static_cast<int>(sizes.prompt));
  return read_out(pass, inputs, hidden(pass, inputs), behind_prompt);
}

void Pretrained::built(const Weights& weights) {
  stored = weights.taken();
  name_parameters(*this);
}

std::logic_error Pretrained::no_head() const {
  return std::logic_error(
      "the model has no head: it gives states, and nothing is read out of them");
}

static void check_range(std::span<const int> values, Index size, const char* what) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] < 0 || values[i] >= size)
      throw std::invalid_argument(
          fmt::format("the {} {} at position {} is not in 0..{}", what, values[i], i, size - 1));
}

void Pretrained::check(const Inputs& inputs) const {
  const auto n = static_cast<std::size_t>(inputs.B * inputs.T);
  if (inputs.ids.size() != n || (!inputs.mask.empty() && inputs.mask.size() != n) ||
      (!inputs.types.empty() && inputs.types.size() != n))
    throw autograd::ShapeError(fmt::format("{} rows of {} with {} ids, {} of a mask, {} types",
                                           inputs.B, inputs.T, inputs.ids.size(),
                                           inputs.mask.size(), inputs.types.size()));
  if (inputs.past && !inputs.mask.empty())
    throw std::invalid_argument("inputs that go on from a past have no mask");
  const Index length = inputs.T + (inputs.past ? inputs.past->length : 0);
  if (inputs.B < 1 || inputs.T < 1 || length > sizes.positions)
    throw std::invalid_argument(
        fmt::format("{} rows of {} positions, where the model takes 1 to {}", inputs.B, length,
                    sizes.positions));
  check_range(inputs.ids, vocabulary() + sizes.prompt, "id");
  check_range(inputs.types, std::max<Index>(sizes.types, 1), "token type");
}

Inputs with_prompt(const Pretrained& model, const Inputs& inputs) {
  const Index P = model.sizes.prompt;
  if (P == 0) return inputs;
  check_range(inputs.ids, model.vocabulary(), "id");  // the ids behind these are the prompt's
  Inputs longer{inputs.B, P + inputs.T};
  const bool typed = !inputs.types.empty() && model.head != Head::causal;
  for (Index b = 0; b < inputs.B; ++b) {
    for (Index p = 0; p < P; ++p) longer.ids.push_back(static_cast<int>(model.vocabulary() + p));
    const auto ids = inputs.ids.begin() + b * inputs.T;
    longer.ids.insert(longer.ids.end(), ids, ids + inputs.T);
    if (typed) {
      longer.types.insert(longer.types.end(), static_cast<std::size_t>(P), 0);
      const auto types = inputs.types.begin() + b * inputs.T;
      longer.types.insert(longer.types.end(), types, types + inputs.T);
    }
    if (inputs.mask.empty()) continue;
    longer.mask.insert(longer.mask.end(), static_cast<std::size_t>(P), 1);
    const auto mask = inputs.mask.begin() + b * inputs.T;
    longer.mask.insert(longer.mask.end(), mask, mask + inputs.T);
  }
  return longer;
}

Var loss(const Pass& pass, Pretrained& model, const Inputs& inputs, Var last,
         std::span<const int> labels) {
  const bool of_rows = model.head == Head::classifier;
  const Index wanted = of_rows ? inputs.B : inputs.B * inputs.T;
  if (static_cast<Index>(labels.size()) != wanted)
    throw std::invalid_argument(
        fmt::format("{} labels, where {} are wanted", labels.size(), wanted));
  std::vector<int> positions, targets;
  for (Index i = 0; i < wanted; ++i) {
    const int label = labels[static_cast<std::size_t>(i)];
    const bool predicted = model.head != Head::causal || i % inputs.T > 0;
    if (label < 0 || !predicted) continue;
    positions.push_back(
        static_cast<int>(of_rows ? i * inputs.T : i - (model.head == Head::causal)));
    targets.push_back(label);
  }
  if (of_rows && model.sizes.labels == 1)
    throw std::invalid_argument("a classifier of one label is a regression; its loss is not here");
  if (targets.empty()) throw std::invalid_argument("there is no label to learn");
  check_range(targets, of_rows ? model.sizes.labels : model.vocabulary(), "label");
  return autograd::cross_entropy(model.read_out(pass, inputs, last, positions), {targets, {}});
}

void KeyValues::take_rows(std::span<const int> rows) {
  // All rows as they are, as always where one continuation is written: nothing is copied.
  const Index B = keys.empty() ? 0 : keys.front().shape[0];
  if (std::ranges::equal(rows, std::views::iota(0, static_cast<int>(B)))) return;
  for (std::vector<Tensor>* tensors : {&keys, &values})
    for (Tensor& before : *tensors) {
      Tensor taken({static_cast<Index>(rows.size()), length, before.cols()});
      for (std::size_t b = 0; b < rows.size(); ++b)
        taken.m.middleRows(static_cast<Index>(b) * length, length) =
            before.m.middleRows(rows[b] * length, length);
      before = std::move(taken);
    }
}

// The past is a copy, as constants: nothing flows back into it.
KeysAndValues after_past(const Pass& pass, const Inputs& inputs, Index i, KeysAndValues here) {
  if (!inputs.past) return here;
  KeyValues& past = *inputs.past;
  const auto layer = static_cast<std::size_t>(i);
  if (past.keys.size() <= layer) {
    past.keys.push_back(here.keys.value());
    past.values.push_back(here.values.value());
    return here;
  }
  const auto extended = [&](Tensor& before, const Tensor& added) {
    const Index B = added.shape[0], had = before.shape[1], got = added.shape[1];
    Tensor all({B, had + got, added.shape[2]});
    for (Index b = 0; b < B; ++b) {
      all.m.middleRows(b * (had + got), had) = before.m.middleRows(b * had, had);
      all.m.middleRows(b * (had + got) + had, got) = added.m.middleRows(b * got, got);
    }
    before = std::move(all);
    return pass.tape.constant(before);
  };
  return {extended(past.keys[layer], here.keys.value()),
          extended(past.values[layer], here.values.value())};
}

std::vector<int> places(const Inputs& inputs) {
  const Index past = inputs.past ? inputs.past->length : 0;
  std::vector<int> places(inputs.ids.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    places[i] = static_cast<int>(past + static_cast<Index>(i) % inputs.T);
  return places;
}

Var in_rows(Var x, const Inputs& inputs) {
  return autograd::reshape(x, {inputs.B, inputs.T, x.shape().cols()});
}

}  // namespace nn::inline LOWRANK_PRECISION
