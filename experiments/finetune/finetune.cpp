#include "experiments/finetune/finetune.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "experiments/harness/peak_memory.h"
#include "experiments/harness/timing.h"
#include "experiments/training/stopped.h"
#include "experiments/training/take_step.h"
#include "lora/inject.h"
#include "nn/files/numbers.h"

namespace experiments::finetune {

namespace {

// The rows of each step, epoch after epoch.
class Steps {
 public:
  Steps(std::span<const Text> texts, int batch, std::uint64_t seed)
      : texts_(texts), batch_(batch), seed_(seed) {
    start_epoch(0);
  }
  long per_epoch() const { return static_cast<long>(batches_.size()); }
  const std::vector<std::vector<int>>& batches() const { return batches_; }

  std::vector<const Text*> rows_of(long step) {
    if (step / per_epoch() != epoch_) start_epoch(step / per_epoch());
    return rows(batches_[static_cast<std::size_t>(step % per_epoch())]);
  }
  std::vector<const Text*> rows(const std::vector<int>& batch) const {
    std::vector<const Text*> rows;
    for (const int i : batch) rows.push_back(&texts_[static_cast<std::size_t>(i)]);
    return rows;
  }

 private:
  void start_epoch(long epoch) {
    epoch_ = epoch;
    batches_ = epoch_batches(texts_, batch_, seed_, epoch);
  }
  std::span<const Text> texts_;
  int batch_;
  std::uint64_t seed_;
  long epoch_ = -1;
  std::vector<std::vector<int>> batches_;
};

// Matrices with weight decay, vectors without; LoRA's B with a rate of its own (LoRA+, Hayou et al.
// 2024), where one is asked for.
nn::AdamW make_optimizer(nn::Pretrained& model, const Recipe& recipe) {
  nn::ParameterGroup matrices{{}, recipe.weight_decay}, vectors, of_b = matrices;
  of_b.lr_factor = recipe.lr_ratio;
  for (nn::Parameter* p : nn::trainable_parameters(model)) {
    const bool is_b = recipe.lr_ratio != 1 && p->name.ends_with(".lora_B");
    (is_b ? of_b : p->value.shape.rank() > 1 ? matrices : vectors).parameters.push_back(p);
  }
  return nn::AdamW({matrices, of_b, vectors});
}

GradientOptions gradient_options(const FinetuneTexts& texts, const Recipe& recipe,
                                 nn::Random& dropout) {
  return {recipe.parts, recipe.label_smoothing, texts.pad, &dropout};
}

nn::Random dropout_of(std::uint64_t seed, long step) {
  return {seed, fmt::format("finetune.dropout.{}", step)};
}

// What a state has written down: the score before the first step, the last loss, and the lines of
// the losses.
std::string log_of(const Finetuned& result) {
  const TextScore none;
  const TextScore& b = result.before ? *result.before : none;
  return fmt::format("{} {} {} {} {}\n{}", b.texts, b.targets, b.right, b.nll, result.last_loss,
                     result.losses);
}

void read_log(const std::string& log, Finetuned& result) {
  const std::size_t end = log.find('\n');
  TextScore before;
  std::istringstream first(log.substr(0, end));
  std::string nll, last_loss;
  first >> before.texts >> before.targets >> before.right >> nll >> last_loss;
  before.nll = nn::read_number(nll).value_or(0);
  result.last_loss = nn::read_number(last_loss).value_or(0);
  if (before.texts > 0) result.before = before;
  result.losses = log.substr(end + 1);
}

void add_line(const StepTaken& taken, const std::optional<TextScore>& validation,
              std::string& losses) {
  losses += fmt::format("{},{:.6g},{:.6g},", taken.step, taken.lr, taken.loss);
  losses += validation ? fmt::format("{:.6g},{:.6g}\n", validation->mean_nll(), validation->share())
                       : ",\n";
}

// Of all lengths, the longest among them.
std::vector<Text> some_by_length(std::vector<Text> texts, std::size_t count) {
  std::ranges::stable_sort(texts, {}, [](const Text& text) { return text.ids.size(); });
  count = std::min(count, texts.size());
  std::vector<Text> some;
  for (std::size_t i = 1; i <= count; ++i) some.push_back(texts[i * texts.size() / count - 1]);
  return some;
}

}  // namespace

Cost measure_step(nn::Pretrained& model, const FinetuneTexts& texts, const Recipe& recipe,
                  std::uint64_t seed) {
  const Steps steps(texts.training, recipe.batch, seed);
  std::vector<const Text*> largest;
  long most = 0, places = 0;
  for (const std::vector<int>& batch : steps.batches()) {
    const long here = padding(texts.training, {batch}).places;
    places += here;
    if (here > most) most = here, largest = steps.rows(batch);
  }
  nn::AdamW optimizer = make_optimizer(model, recipe);
  nn::Tape tape(autograd::TapeMode::training);
  const double seconds = harness::seconds_of([&] {
    nn::Random dropout = dropout_of(seed, 0);
    add_gradients(tape, model, largest, gradient_options(texts, recipe, dropout));
  });
  optimizer.zero_grad();
  const double mean = static_cast<double>(places) / static_cast<double>(steps.per_epoch());
  Cost cost{seconds * mean / static_cast<double>(most), 0, harness::peak_mb()};
  if (texts.validation.empty()) return cost;
  const std::vector<Text> some = some_by_length(texts.validation, 32);
  const double of_some = harness::seconds_of([&] { score_texts(model, some, texts.pad); });
  cost.seconds_per_score =
      of_some * static_cast<double>(texts.validation.size()) / static_cast<double>(some.size());
  cost.peak_mb = harness::peak_mb();
  return cost;
}

Finetuned finetune(nn::Pretrained& model, const FinetuneTexts& texts, const Recipe& recipe,
                   std::uint64_t seed, const StateFile& state, const std::atomic<bool>& stop,
                   const OnFinetuneStep& on_step) {
  Steps steps(texts.training, recipe.batch, seed);
  const long total = recipe.steps_of(steps.per_epoch());
  const nn::Schedule schedule{recipe.lr, recipe.warmup_steps(total), total};
  nn::AdamW optimizer = make_optimizer(model, recipe);
  nn::Tape tape(autograd::TapeMode::training);
  const auto score = [&]() -> std::optional<TextScore> {
    if (texts.validation.empty()) return {};
    return score_texts(model, texts.validation, texts.pad);
  };

  Finetuned result;
  const auto saved = training::load_state(state.path, model, optimizer, total, state.run);
  if (saved)
    read_log(saved->log, result);
  else
    result.before = score();
  const long before = saved ? saved->done : 0, between_scores = std::max(1L, total / 10);
  auto last_save = std::chrono::steady_clock::now();

  for (long step = before; step < total; ++step) {
    const double lr = schedule.lr(step);
    const double loss = training::take_step(optimizer, lr, recipe.clip, [&] {
      nn::Random dropout = dropout_of(seed, step);
      return add_gradients(tape, model, steps.rows_of(step),
                           gradient_options(texts, recipe, dropout));
    });
    const long done = step + 1;
    std::optional<TextScore> validation;
    if (done % between_scores == 0 || done == total) validation = score();
    const StepTaken taken{static_cast<int>(done), static_cast<int>(total), loss, lr};
    add_line(taken, validation, result.losses);
    result.last_loss = loss;
    if (done == total) result.after = validation;

    const auto now = std::chrono::steady_clock::now();
    const bool due =
        std::chrono::duration<double>(now - last_save).count() >= state.seconds_between_saves;
    const bool stopping = stop;  // read once: who stops here has been saved here
    if (stopping || due || done == total) {
      training::save_state(state.path, model, optimizer, {done, state.run, log_of(result)});
      last_save = now;
    }
    if (on_step) on_step(before, taken);
    if (stopping && done < total)
      throw training::Stopped(
          fmt::format("stopped after {} of {} steps; the same command goes on", done, total));
  }
  if (before == total) result.after = score();
  return result;
}

}  // namespace experiments::finetune
