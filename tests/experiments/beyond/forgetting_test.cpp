#include "experiments/beyond/forgetting.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "lora/inject.h"
#include "tests/experiments/fake_cells.h"

namespace forgetting_test {

using namespace experiments::beyond;
using namespace experiments::beyond::forgetting;
using doctest::Approx;

namespace {

/// What a method with this rank (0: none) truly comes to.
struct Truth {
  double score, forgotten, intruders;
};
using TruthOf = std::function<Truth(const std::string& method, int rank)>;

std::vector<CellResult> table(const TruthOf& truth, double noise = 0.02) {
  std::vector<CellResult> results;
  autograd::Random random(1, "test.forgetting");
  for (const std::uint64_t base : {2, 3}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const double shared = random.normal();
      const auto add = [&](const std::string& method, int rank) {
        Cell cell = fake::cell("nli", {}, rank, seed, base);
        cell.method = method;
        if (rank > 0) cell.targets = {"q", "k", "v", "o"};
        CellResult result = fake::result(cell);
        const Truth t = truth(method, rank);
        const auto wobble = [&] { return noise * random.normal(); };
        result.value = (t.score + shared) / 100 + wobble() / 100;
        // The tasks' own losses differ; only the rise over the frozen base is forgetting.
        for (const std::string& task : pretraining_tasks())
          result.more["pretraining_nll." + task] = 0.1 * static_cast<double>(task.size()) +
                                                   0.1 * shared +
                                                   (task == "nli" ? 50 : t.forgotten) + wobble();
        if (method != "frozen") {
          result.more["intruders.blocks.0.attn.q"] = t.intruders + 1 + wobble();
          result.more["intruders.blocks.0.attn.v"] = t.intruders - 1 + wobble();
          result.more["intruders.blocks.0.mlp.up"] = 1000;
        }
        results.push_back(result);
      };
      add("frozen", 0);
      add("full", 0);
      for (const int r : {1, 4, 16}) add("lora", r);
    }
  }
  return results;
}

Truth as_published(const std::string& method, int rank) {
  if (method == "frozen") return {30, 0, 0};
  if (method == "full") return {95, 1.0, 2};
  return {80.0 + rank / 2.0, 0.1 + 0.02 * rank, 6};
}

Truth opposite(const std::string& method, int rank) {
  if (method == "frozen") return {30, 0, 0};
  if (method == "full") return {60, 0.1, 6};
  return {80, 1.0 - 0.02 * rank, 1};
}

std::string letters(const std::vector<CellResult>& results) {
  std::vector<Finding> findings = forgetting::findings(results);
  judge(findings);
  std::string text;
  for (const auto& part : findings.at(0).parts) text += outcome_text(part.judgement.outcome)[0];
  return text;
}

}  // namespace

TEST_CASE("F11 is judged by what was measured") {
  CHECK(letters(table(as_published)) == "hhhh");
  CHECK(letters(table(opposite)) == "dddd");
  CHECK(letters(table(as_published, 500)) == "oooo");
}

TEST_CASE("F11: the effects are paired differences in the statement's unit") {
  std::vector<Finding> findings = forgetting::findings(table(as_published));
  judge(findings);
  const auto& parts = findings.at(0).parts;
  CHECK(parts[0].judgement.effect == Approx(14.5).epsilon(0.01));
  CHECK(parts[1].judgement.effect == Approx(0.88).epsilon(0.05));  // the own task does not count
  CHECK(parts[2].judgement.effect == Approx(0.30).epsilon(0.1));
  CHECK(parts[3].judgement.effect == Approx(4).epsilon(0.02));  // the MLP does not count
  CHECK(parts[1].judgement.pairs == 10);
}

TEST_CASE("F11: what was not run is said") {
  auto results = table(as_published);
  std::erase_if(results, [](const CellResult& r) { return r.cell.rank > 1; });
  std::vector<Finding> findings = forgetting::findings(results);
  judge(findings);
  CHECK(findings.at(0).parts.at(2).judgement.reason == "not run: LoRA at r and at 4 r or more");
  CHECK(forgetting::findings({}).at(0).parts.empty());
}

TEST_CASE("the measurements: an untouched model has no intruders, a foreign direction is one") {
  const Base base{base_config(7, 1), std::make_shared<nn::Decoder>(BaseConfig::default_model(), 7)};
  Cell cell = fake::cell("nli", {"q", "v"}, 2, 1);
  const std::unique_ptr<nn::Model> model = prepare(base, cell);
  CellResult result = fake::result(cell);
  measure_intruders(*copy_of(*base.model), *model, result);
  CHECK(result.more.size() == 8);  // two measurements of q and v in two layers
  CHECK(result.more.at("intruders.blocks.0.attn.q") == 0);
  CHECK(result.more.at("best_cosine.blocks.1.attn.v") == Approx(1));

  lora::LoraLinear& q = *lora::lora_layers(*model).at(0).second;
  autograd::Random random(3, "test.B");
  for (nn::Index i = 0; i < q.B.value.m.size(); ++i)
    q.B.value.m.data()[i] = static_cast<nn::Scalar>(3 * random.normal());
  measure_intruders(*copy_of(*base.model), *model, result);
  // As many as ΔW's rank, or more: near singular values of W mix under a change.
  CHECK(result.more.at("intruders.blocks.0.attn.q") >= 2);
  CHECK(result.more.at("intruders.blocks.1.attn.q") == 0);
  q.B.value.m(0, 0) = std::nanf("");
  measure_intruders(*copy_of(*base.model), *model, result);
  CHECK(std::isnan(result.more.at("intruders.blocks.0.attn.q")));

  measure_pretraining(base, *model, result);
  CHECK(std::isnan(result.more.at("pretraining_nll.isa")));  // from the NaN in q
  measure_pretraining(base, *copy_of(*base.model), result);
  CHECK(result.more.at("pretraining_nll.isa") > 0);
}

TEST_CASE("full fine-tuning is measured on every projection, the frozen base on none") {
  const Base base{base_config(7, 1), std::make_shared<nn::Decoder>(BaseConfig::default_model(), 7)};
  for (const char* method : {"full", "frozen"}) {
    Cell cell = fake::cell("nli", {}, 0, 1);
    cell.method = method;
    CellResult result = fake::result(cell);
    measure_intruders(*copy_of(*base.model), *prepare(base, cell), result);
    CHECK(result.more.size() == (cell.method == "full" ? 24 : 0));
  }
}

}  // namespace forgetting_test
