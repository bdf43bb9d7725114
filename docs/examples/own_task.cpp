#include <fmt/format.h>

#include "data/tasks.h"
#include "experiments/training/adapt.h"
#include "experiments/training/task_score.h"
#include "lora/inject.h"
#include "nn/transformer.h"

// A task of one's own, on words of its own. A decoder learns to repeat three letters, then LoRA
// teaches it to say them backwards.
namespace {

const data::Vocabulary& letters() {
  static const data::Vocabulary words({"a", "b", "c", "d", "e", "f", "g", "h", ":"});
  return words;
}

// Three letters, a colon, and the three letters again, as they are or backwards.
data::Example draw(std::string_view task, autograd::Random& stream, data::Split split) {
  std::vector<int> said(3);
  std::uint64_t meaning = 0;
  do {
    meaning = stream.below(8 * 8 * 8);
    said = {static_cast<int>(meaning / 64), static_cast<int>(meaning / 8 % 8),
            static_cast<int>(meaning % 8)};
  } while (!data::belongs(split, task, meaning));

  data::Example example{said, /*first_target=*/4, /*target_count=*/3, meaning};
  example.tokens.push_back(letters().id(":"));
  if (task == "backwards") std::swap(said.front(), said.back());
  example.tokens.insert(example.tokens.end(), said.begin(), said.end());
  return example;
}

data::TaskInfo info(const data::TaskOptions&) {
  return {.n_train = 300, .steps = 400, .test_size = 200, .validation_size = 100};
}

data::Example draw_forwards(autograd::Random& stream, const data::TaskOptions&, data::Split split) {
  return draw("forwards", stream, split);
}
data::Example draw_backwards(autograd::Random& stream, const data::TaskOptions&,
                             data::Split split) {
  return draw("backwards", stream, split);
}

// A task is a row; what it leaves out (explain, for a page about it) is not said.
constexpr data::Task forwards{
    .name = "forwards", .info = info, .draw = draw_forwards, .words = letters};
constexpr data::Task backwards{
    .name = "backwards", .info = info, .draw = draw_backwards, .words = letters};

void train_and_print(nn::Model& model, const data::Task& task, double lr) {
  experiments::training::Cell
      cell;  // of it, train() reads the number of steps, the learning rate, the seed
  cell.steps = task.info({}).steps;
  cell.lr = lr;
  experiments::training::train(model, cell, data::training_set(task, {}, /*seed=*/1));
  fmt::print("{}: {}\n", task.name,
             to_string(experiments::training::score_task(model, data::test_set(task, {}))));
}

}  // namespace

int main() {
  nn::Decoder model({.vocabulary = letters().size(), .context = 6, .d_model = 32, .d_mlp = 64},
                    /*seed=*/1);
  train_and_print(model, forwards, 3e-3);
  lora::LoraConfig config;  // of rank 4
  config.targets = {"q", "k", "v", "o"};
  lora::inject(model, config, /*seed=*/1);
  train_and_print(model, backwards, 1e-2);
}
