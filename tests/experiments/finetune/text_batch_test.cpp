#include <doctest/doctest.h>

#include <set>

#include "experiments/finetune/text_score.h"
#include "nn/models/step.h"
#include "tests/experiments/finetune/small_texts.h"

using namespace experiments::finetune;

namespace {

struct Gradients {
  double loss = 0;
  std::map<std::string, nn::Matrix> of;
};

Gradients gradients(nn::Pretrained& model, const std::vector<const Text*>& rows, int parts,
                    double label_smoothing = 0) {
  nn::Tape tape(autograd::TapeMode::training);
  model.visit("", [](const std::string&, nn::Parameter& p) { p.grad = {}; });
  Gradients g;
  g.loss = add_gradients(tape, model, rows,
                         {.parts = parts, .label_smoothing = label_smoothing, .pad = 0});
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (!p.grad.empty()) g.of[name] = p.grad.m;
  });
  return g;
}

// The largest difference as a part of the tensor's largest number.
double difference(const Gradients& a, const Gradients& b) {
  REQUIRE(a.of.size() == b.of.size());
  double worst = 0, largest = 0;
  for (const auto& [name, m] : a.of) largest = std::max(largest, double(m.cwiseAbs().maxCoeff()));
  for (const auto& [name, m] : a.of)
    worst = std::max(worst, double((m - b.of.at(name)).cwiseAbs().maxCoeff()) / largest);
  return worst;
}

}  // namespace

TEST_CASE("a batch in parts has the loss and the gradients of the whole, of uneven lengths too") {
  for (const char* name : {"gpt2", "llama", "bert", "roberta", "deberta-v3"}) {
    CAPTURE(name);
    const auto model = small_texts::model(name);
    const std::vector<Text> texts = small_texts::texts(*model, 8);
    const auto rows = small_texts::rows(texts);
    const Gradients whole = gradients(*model, rows, 1);
    CHECK(whole.of.size() > 5);
    for (const int parts : {2, 3, 8, 100}) {
      CAPTURE(parts);
      const Gradients cut = gradients(*model, rows, parts);
      CHECK(cut.loss == doctest::Approx(whole.loss).epsilon(1e-6));
      CHECK(difference(whole, cut) < 2e-5);
    }
  }
}

// Control: what the test above would see of a mean of the parts' means.
TEST_CASE("the mean of the parts' means is another loss") {
  const auto model = small_texts::model("gpt2");
  const std::vector<Text> texts = small_texts::texts(*model, 8);
  const auto rows = small_texts::rows(texts);
  const Gradients whole = gradients(*model, rows, 1);
  double mean = 0;
  for (const Text* row : rows) mean += gradients(*model, {row}, 1).loss / 8;
  CHECK(std::abs(mean - whole.loss) > 1e-3);
}

// nn::loss is compared with what transformers computes (tests/nn/models_test.cpp).
TEST_CASE("the loss of a batch is nn::loss of the same rows") {
  for (const char* name : {"gpt2", "bert", "roberta"}) {
    CAPTURE(name);
    const auto model = small_texts::model(name);
    const std::vector<Text> texts = small_texts::texts(*model, 5);
    const auto rows = small_texts::rows(texts);
    const TextBatch batch = text_batch(*model, rows, 0);
    std::vector<int> labels;
    if (model->head == nn::Head::classifier) {
      labels = batch.targets;
    } else {
      labels.assign(batch.inputs.ids.size(), -100);
      for (std::size_t i = 0; i < batch.positions.size(); ++i)
        labels[static_cast<std::size_t>(batch.positions[i]) + 1] = batch.targets[i];
    }
    nn::Tape tape(autograd::TapeMode::values);
    const double theirs = static_cast<double>(
        nn::loss({tape}, *model, batch.inputs, model->hidden({tape}, batch.inputs), labels)
            .value()
            .item());
    CHECK(gradients(*model, rows, 1).loss == doctest::Approx(theirs).epsilon(1e-6));
    CHECK(gradients(*model, rows, 1, 0.1).loss != doctest::Approx(theirs).epsilon(5e-6));
  }
}

TEST_CASE("what fills a row up changes nothing of it") {
  for (const char* name : {"gpt2", "bert", "deberta-v3"}) {
    CAPTURE(name);
    const auto model = small_texts::model(name);
    const std::vector<Text> texts = small_texts::texts(*model, 6);
    const TextScore together = score_texts(*model, texts, 0);
    TextScore alone;
    for (const Text& text : texts) {
      const TextScore one = score_texts(*model, std::span(&text, 1), 0);
      alone.targets += one.targets, alone.nll += one.nll, alone.right += one.right;
    }
    CHECK(together.texts == 6);
    CHECK(together.targets == alone.targets);
    CHECK(together.nll == doctest::Approx(alone.nll).epsilon(1e-5));
    CHECK(together.right == alone.right);
  }
}

TEST_CASE(
    "an epoch has every text once, in batches of similar length that its seed and number name") {
  const auto model = small_texts::model("bert");
  const std::vector<Text> texts = small_texts::texts(*model, 203);
  const auto batches = epoch_batches(texts, 8, 1, 0);
  CHECK(batches.size() == 26);
  std::multiset<int> all;
  for (const auto& batch : batches) all.insert(batch.begin(), batch.end());
  CHECK(all.size() == 203);
  CHECK(std::set<int>(all.begin(), all.end()).size() == 203);
  CHECK(batches == epoch_batches(texts, 8, 1, 0));
  CHECK(batches != epoch_batches(texts, 8, 1, 1));
  CHECK(batches != epoch_batches(texts, 8, 2, 0));

  // Control: in their own order rows are filled up more.
  std::vector<std::vector<int>> in_order;
  for (int i = 0; i < 203; ++i) {
    if (i % 8 == 0) in_order.emplace_back();
    in_order.back().push_back(i);
  }
  CHECK(padding(texts, in_order).ids == padding(texts, batches).ids);
  CHECK(padding(texts, batches).share() < padding(texts, in_order).share() / 3);
}
