#include <fmt/format.h>

#include "nn/loss.h"
#include "nn/optimizer.h"
#include "nn/transformer.h"

// A transformer learns to say four letters backwards: "a b c d : d c b a". A training loop with
// nothing else around it.
namespace {

constexpr int letters = 8, colon = letters, length = 4;
constexpr int T = 2 * length;  // each position predicts the next token, so the last is not an input

// B rows; what is predicted after the colon counts.
nn::TokenBatch draw(autograd::Random& random, int B) {
  nn::TokenBatch batch{B, T, {}, {}, {}};
  for (int row = 0; row < B; ++row) {
    std::vector<int> text;
    for (int i = 0; i < length; ++i) text.push_back(static_cast<int>(random.below(letters)));
    text.push_back(colon);
    for (int i = length - 1; i >= 0; --i) text.push_back(text[static_cast<std::size_t>(i)]);
    batch.ids.insert(batch.ids.end(), text.begin(), text.end() - 1);
    batch.targets.insert(batch.targets.end(), text.begin() + 1, text.end());
    for (int t = 0; t < T; ++t) batch.weights.push_back(t >= length ? 1 : 0);
  }
  return batch;
}

}  // namespace

int main() {
  constexpr int steps = 600;
  nn::Decoder model({.vocabulary = letters + 1, .context = T, .d_model = 32, .d_mlp = 64},
                    /*seed=*/1);
  nn::AdamW optimizer({{nn::parameters(model)}});
  const nn::Schedule schedule{/*peak=*/5e-3, /*warmup=*/20, steps, nn::Schedule::Decay::cosine};
  autograd::Random random(/*seed=*/1, "batches");
  nn::Tape tape(autograd::TapeMode::training);

  for (int step = 0; step < steps; ++step) {
    tape.clear();
    const nn::Var loss = nn::token_loss({tape}, model, draw(random, 32));
    optimizer.zero_grad();
    tape.backward(loss);
    nn::clip_gradients(optimizer.parameters(), /*max_norm=*/1);
    optimizer.step(schedule.lr(step));
    if (step % 100 == 0) fmt::print("step {:3}: loss {:.4f}\n", step, loss.value().item());
  }

  const nn::Score score = nn::score(model, draw(random, 500));
  fmt::print("{} of {} new rows are right\n", score.exact, score.rows);
}
