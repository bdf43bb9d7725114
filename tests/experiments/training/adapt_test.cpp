#include "experiments/training/adapt.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "experiments/training/batches.h"
#include "nn/files/checkpoint.h"

namespace adapt_test {

using namespace experiments::training;

namespace {

/// A base that nobody has trained.
Base random_base() {
  const BaseConfig config = base_config(2, 0);
  return {config, std::make_shared<nn::Decoder>(config.model, config.seed)};
}

Cell cell_of(const std::string& method, int size = 0) {
  Cell cell;
  cell.task = "nli";
  cell.method = method;
  cell.size = size;
  return cell;
}

}  // namespace

TEST_CASE("a cell of every method is prepared, counted and trained, and its base stays") {
  const Base base = random_base();
  const std::string before = nn::fingerprint(*copy_of(*base.model));
  const auto examples = data::examples(data::tasks::nli, {}, data::Split::train, 1, 40);
  for (const lora::Method* m : lora::all_methods()) {
    CAPTURE(m->name);
    Cell cell = cell_of(m->name);
    cell.seed = 1;
    cell.lr = 1e-2;
    cell.steps = 3;
    cell.size = m->size_is ? 2 : 0;
    if (m->has_lora)
      cell.targets = {"q", "v"}, cell.rank = 3, cell.alpha = 6, cell.scaling = "alpha/r";
    const auto model = prepare(base, cell);
    CHECK(nn::count(nn::trainable_parameters(*model)) ==
          lora::count(method_spec(cell), base.config.model));
    const std::string start = nn::fingerprint(*model);
    CHECK(std::isfinite(train(*model, cell, examples)));
    CHECK(nn::fingerprint(*model) != start);
  }
  CHECK(nn::fingerprint(*copy_of(*base.model)) == before);
}

TEST_CASE("a recurrent base takes LoRA on the slots of its layers, full fine-tuning, or nothing") {
  const BaseConfig config = base_config(2, 0, 16, 2, nn::RecurrentKind::lstm);
  const Base base{config, untrained_model(config)};
  Cell cell = cell_of("lora");
  cell.architecture = "lstm", cell.width = 16, cell.depth = 2;
  cell.targets = {"ih", "hh"}, cell.rank = 3, cell.alpha = 6, cell.scaling = "alpha/r";
  cell.seed = 1, cell.lr = 1e-2, cell.steps = 3;
  const auto adapted = [&] {
    std::string names;
    for (const auto& [name, layer] : lora::lora_layers(*prepare(base, cell))) names += name + " ";
    return names;
  };
  CHECK(adapted() == "rnn.ih_l0 rnn.hh_l0 rnn.ih_l1 rnn.hh_l1 ");
  cell.blocks = {1};
  CHECK(adapted() == "rnn.ih_l1 rnn.hh_l1 ");
  cell.targets = {"hh"};
  CHECK(adapted() == "rnn.hh_l1 ");
  cell.targets = {"q"};
  CHECK_THROWS_WITH_AS(adapted(), doctest::Contains("'q_l1' matches no projection"),
                       std::invalid_argument);

  cell.targets = {"ih", "hh"}, cell.blocks = {};
  const auto examples = data::examples(data::tasks::nli, {}, data::Split::train, 1, 40);
  const auto trained = [&] {
    const auto model = prepare(base, cell);
    CHECK(std::isfinite(train(*model, cell, examples)));
    return nn::count(nn::trainable_parameters(*model));
  };
  CHECK(trained() == 4 * 3 * (16 + 64));
  cell.method = "full", cell.targets = {}, cell.rank = 0;
  const nn::Index V = config.model.vocabulary;
  CHECK(trained() == 2 * V * 16 + 4 * (64 * 16 + 64));
  cell.method = "frozen";
  CHECK(nn::trainable_parameters(*prepare(base, cell)).empty());
}

TEST_CASE("a frozen cell has nothing to train") {
  const Base base = random_base();
  const auto model = prepare(base, cell_of("frozen"));
  CHECK(nn::trainable_parameters(*model).empty());
}

TEST_CASE("a method that the base has no room for is refused when it is prepared") {
  const Base base = random_base();
  CHECK_THROWS_WITH_AS(prepare(base, cell_of("top-layers", 3)),
                       "the size of top-layers (blocks) must be in 1..2, not 3",
                       std::invalid_argument);
}

TEST_CASE("a cell that diverged has a result: nothing right, and a NaN for its losses") {
  const Base base = random_base();
  Cell cell = cell_of("lora");
  cell.targets = {"q", "v"}, cell.rank = 3, cell.alpha = 6, cell.scaling = "alpha/r";
  cell.examples = 40;
  cell.lr = 1e39;
  for (const int steps : {1, 5}) {  // the last step, or a gradient before it, is not finite
    cell.steps = steps;
    const CellResult result = run_cell(base, cell, ScoreOn::validation);
    CHECK(std::isnan(result.nll));
    CHECK(result.value == 0);
    CHECK(std::isnan(result.more.at("train_nll")) == (steps > 1));
    CHECK(result.trainable > 0);
  }
}

namespace {

Cell lora_on_q_and_v() {
  Cell cell = cell_of("lora");
  cell.targets = {"q", "v"}, cell.rank = 3, cell.alpha = 6, cell.scaling = "alpha/r";
  cell.seed = 1, cell.lr = 1e-2, cell.steps = 3;
  return cell;
}

/// The fingerprint of what the cell trains.
std::string trained(const Cell& cell) {
  const auto model = prepare(random_base(), cell);
  const auto examples = data::examples(data::tasks::nli, {}, data::Split::train, 1, 40);
  train(*model, cell, examples);
  return nn::fingerprint(*model);
}

/// How far the first step of Adam moves each A and B, by the name of the parameter. B starts at
/// random, since with B = 0 no A would move.
std::map<std::string, nn::Matrix> first_step(const Cell& cell) {
  const auto model = prepare(random_base(), cell);
  for (const auto& [name, layer] : lora::lora_layers(*model))
    layer->B.set(nn::Random(1, name).normal(layer->B.value.shape, 0.1));
  std::map<std::string, nn::Matrix> moved;
  for (const nn::Parameter* p : nn::trainable_parameters(*model)) moved[p->name] = -p->value.m;
  const auto optimizer = make_optimizer(*model, cell);
  nn::Tape tape;
  const auto examples = data::examples(data::tasks::nli, {}, data::Split::train, 1, 8);
  tape.backward(nn::token_loss({tape}, *model, token_batch(data::make_batch(examples))));
  optimizer->step(1e-2);
  for (const nn::Parameter* p : nn::trainable_parameters(*model)) moved[p->name] += p->value.m;
  return moved;
}

}  // namespace

TEST_CASE("a ratio of learning rates moves B so many times as far, and A as before") {
  Cell cell = lora_on_q_and_v();
  const auto plain = first_step(cell);
  cell.lr_ratio = 4;
  const auto faster = first_step(cell);
  REQUIRE(plain.size() == 8);  // A and B of q and v in two blocks
  for (const auto& [name, moved] : plain) {
    CAPTURE(name);
    CHECK(moved.norm() > 0);
    if (name.ends_with("lora_A"))
      CHECK(faster.at(name) == moved);
    else
      CHECK((faster.at(name) - 4 * moved).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("a ratio of one is no ratio, to the last bit") {
  Cell cell = lora_on_q_and_v();
  const std::string plain = trained(cell);
  cell.lr_ratio = 1;
  CHECK(trained(cell) == plain);
  cell.lr_ratio = 2;
  CHECK(trained(cell) != plain);
}

TEST_CASE("the prefix beside LoRA learns with the rate of A") {
  Cell cell = lora_on_q_and_v();
  cell.method = "lora+prefix", cell.size = 2;
  const auto plain = first_step(cell);
  cell.lr_ratio = 4;
  const auto faster = first_step(cell);
  REQUIRE(plain.contains("prefix.rows"));
  CHECK(faster.at("prefix.rows") == plain.at("prefix.rows"));
}

namespace {

/// Prompts of two words of which the first decides among three answers; half of the prompts are
/// held out.
struct ByFirstWord {
  std::vector<data::Example> train, test;
  ByFirstWord() {
    for (int first = 0; first < 12; ++first)
      for (int second = 0; second < 10; ++second)
        ((first + second) % 2 == 0 ? train : test)
            .push_back({.tokens = {first, 20 + second, 40 + first % 3, 50},
                        .first_target = 2,
                        .target_count = 1});
  }
};

/// What an adapter that was trained on the first scores on the second, and the loss it is left with
/// on the first.
nn::Score score_of(const std::vector<data::Example>& trained_on,
                   const std::vector<data::Example>& test, double& loss) {
  Cell cell = lora_on_q_and_v();
  cell.targets = {"q", "k", "v", "o", "up", "down"}, cell.rank = 8, cell.alpha = 16;
  cell.steps = 300;
  const auto model = prepare(random_base(), cell);
  train(*model, cell, trained_on);
  const nn::Score own = evaluate(*model, trained_on);
  loss = own.nll / own.weight;
  return evaluate(*model, test);
}

}  // namespace

TEST_CASE(
    "permuted labels are learned by heart as true ones are, and tell nothing of new prompts") {
  const ByFirstWord task;
  double of_true = 0, of_permuted = 0;
  const nn::Score right = score_of(task.train, task.test, of_true);
  const nn::Score chance =
      score_of(data::with_permuted_answers(task.train, autograd::Random(1, "labels.permuted")),
               task.test, of_permuted);
  constexpr double before = 1.0986;  // ln 3, of an even guess
  CHECK(of_true < 0.3 * before);     // an adapter on an untrained base cannot be surer than that
  CHECK(before - of_permuted > 0.95 * (before - of_true));
  // Control: what is there to be learned is learned.
  CHECK(right.exact == right.rows);
  // By chance one of three, with a standard deviation of sqrt(60 / 3 * 2 / 3) = 3.7.
  CHECK(chance.rows == 60);
  CHECK(chance.exact < 20 + 3 * 3.7);
}

TEST_CASE("a cell with permuted labels is trained on them, and on the same prompts") {
  Cell cell = lora_on_q_and_v();
  cell.examples = 40;
  const auto plain = training_examples(cell);
  cell.labels = "permuted";
  const auto permuted = training_examples(cell);
  REQUIRE(permuted.size() == plain.size());
  int changed = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(std::ranges::equal(plain[i].prompt(), permuted[i].prompt()));
    changed += plain[i].tokens != permuted[i].tokens;
  }
  CHECK(changed > 10);
  // run_cell takes them: the losses are not those of true labels.
  const double of_permuted = run_cell(random_base(), cell, ScoreOn::validation).nll;
  cell.labels = "true";
  CHECK(run_cell(random_base(), cell, ScoreOn::validation).nll != of_permuted);
  cell.method = "frozen", cell.labels = "permuted";
  CHECK_THROWS_WITH(check_cell(cell), doctest::Contains("frozen is not trained on labels"));
}

TEST_CASE("other rounding moves what is trained by its last bit, and nothing else") {
  Cell cell = lora_on_q_and_v();
  const auto usual = prepare(random_base(), cell);
  cell.rounding = "other";
  const auto other = prepare(random_base(), cell);
  const auto before = nn::parameters(*usual), after = nn::parameters(*other);
  REQUIRE(before.size() == after.size());
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const nn::Matrix &x = before[i]->value.m, &y = after[i]->value.m;
    if (!before[i]->trainable || x.isZero(0)) {
      CHECK(x == y);
      continue;
    }
    ++moved;
    CHECK((x.array() < y.array()).all());
    CHECK(((y - x).array() <= 2 * std::numeric_limits<nn::Scalar>::epsilon() * x.array().abs())
              .all());
  }
  CHECK(moved == 4);  // A of q and v in two blocks
  CHECK(trained(cell) != trained(lora_on_q_and_v()));
  cell.rounding = "up";
  CHECK_THROWS_WITH(check_cell(cell), doctest::Contains("usual, other"));
}

TEST_CASE("blocks that are not named get no adapters") {
  Cell cell = lora_on_q_and_v();
  const std::string everywhere = trained(cell);
  cell.blocks = {0};
  const auto model = prepare(random_base(), cell);
  std::vector<std::string> names;
  for (const auto& [name, layer] : lora::lora_layers(*model)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"blocks.0.attn.q", "blocks.0.attn.v"});
  cell.blocks = {1, 0};  // all there are
  CHECK(trained(cell) == everywhere);
}

TEST_CASE("a block or a projection that the base lacks is refused with those there are") {
  Cell cell = lora_on_q_and_v();
  cell.blocks = {2};
  CHECK_THROWS_WITH(prepare(random_base(), cell),
                    doctest::Contains("there is no block 2; there are 0..1"));
  cell.blocks = {1}, cell.targets = {"z"};
  CHECK_THROWS_WITH(
      prepare(random_base(), cell),
      doctest::Contains("'blocks.1.z' matches no projection; there are blocks.0.attn.q"));
  cell.targets = {"q"}, cell.blocks = {2}, cell.depth = 3;  // but the base has two layers
  CHECK_THROWS_WITH(
      prepare(random_base(), cell),
      doctest::Contains("'blocks.2.attn.q' matches no projection; there are blocks.0.attn.q"));
}

TEST_CASE("the usual size of a method trains about as much as LoRA on q and v") {
  const nn::DecoderConfig model = BaseConfig::default_model();
  CHECK(usual_size(lora::method("lora"), model) == 0);
  CHECK(usual_size(lora::method("lora+prefix"), model) == 8);
  const lora::MethodSpec adapter{"adapter-h", usual_size(lora::method("adapter-h"), model)};
  CHECK(std::abs(lora::count(adapter, model) - 2048) < 512);
}

}  // namespace adapt_test
