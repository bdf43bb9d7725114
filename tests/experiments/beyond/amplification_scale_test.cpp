#include "experiments/beyond/amplification_scale.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lora/analysis/low_rank.h"
#include "lora/inject.h"
#include "tests/experiments/fake_cells.h"

using namespace experiments::beyond;
using namespace experiments::beyond::amplification_scale;
using doctest::Approx;

TEST_CASE("a row is the mean over layers and seeds, one for each setting and kind of matrix") {
  std::vector<CellResult> results;
  for (const std::uint64_t seed : {1, 2}) {
    for (const int width : {64, 128}) {
      Cell cell = fake::cell("sqlgen", {"q", "v"}, 4, seed);
      cell.facts = 20;
      cell.width = width;
      CellResult result = fake::result(cell);
      result.value = 0.5;
      for (const char* layer : {"0", "1"}) {
        const std::string name = std::string("blocks.") + layer + ".attn.q";
        const double x = layer[0] == '0' ? 1 : 3;
        result.more["w_norm." + name] = 10;
        result.more["delta_norm." + name] = 2 * x;
        result.more["in_delta." + name] = 0.5 * x;
        result.more["in_w." + name] = 1.4;
        result.more["expected_random." + name] = 0.25;
      }
      results.push_back(result);
    }
  }
  const auto rows = amplification_rows(results);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].width == 64);
  CHECK(rows[1].width == 128);
  CHECK(rows[0].matrix == "q");
  CHECK(rows[0].matrices == 4);
  CHECK(rows[0].score == Approx(50));
  CHECK(rows[0].relative == Approx(0.4));
  CHECK(rows[0].in_delta == Approx(1));
  CHECK(rows[0].over_random == Approx(4));
  CHECK(rows[0].factor == Approx(4));
  CHECK(rows[0].ordered == 2);  // 1.5 is above W's 1.4
}

TEST_CASE("the measurement: a change along W's own directions meets W, a random one meets chance") {
  const Base base{base_config(7, 1), std::make_shared<nn::Decoder>(BaseConfig::default_model(), 7)};
  const Cell cell = fake::cell("sqlgen", {"q"}, 4, 1);
  const auto model = prepare(base, cell);
  lora::LoraLinear& q = *lora::lora_layers(*model).at(0).second;
  lora::LoraLinear& other = *lora::lora_layers(*model).at(1).second;
  const lora::Svd W = lora::svd(q.w0().m.cast<double>());
  q.B.value.m = W.U.leftCols(4).cast<nn::Scalar>();
  q.A.value.m = W.V.leftCols(4).transpose().cast<nn::Scalar>();
  nn::Random random(1, "test.B");
  other.B.value = random.normal({64, 4}, 1);
  CellResult result = fake::result(cell);
  measure_amplification(*model, result);
  CHECK(result.more.size() == 10);
  CHECK(result.more.at("in_delta.blocks.0.attn.q") ==
        Approx(result.more.at("in_w.blocks.0.attn.q")).epsilon(1e-4));
  CHECK(result.more.at("delta_norm.blocks.0.attn.q") == Approx(2 * q.scale()).epsilon(1e-4));
  const double by_chance = result.more.at("expected_random.blocks.1.attn.q");
  CHECK(result.more.at("in_delta.blocks.1.attn.q") < 2 * by_chance);
  CHECK(result.more.at("in_delta.blocks.1.attn.q") > 0.5 * by_chance);

  other.B.value.m(0, 0) = std::nanf("");
  measure_amplification(*model, result);
  CHECK(std::isnan(result.more.at("in_delta.blocks.1.attn.q")));
}

TEST_CASE("the cells vary one thing at a time and need sqlgen") {
  const Experiment experiment = amplification_scale::experiment();
  Settings options = settings_for(experiment, settings_of(Preset::full));
  options.seeds = 1;
  int facts = 0, alphas = 0, widths = 0;
  for (const Cell& cell : experiment.cells(options)) {
    const bool K = cell.facts != options.facts, a = cell.alpha != options.alpha,
               w = cell.width != 64;
    CHECK(K + a + w <= 1);
    facts += K, alphas += a, widths += w;
    CHECK(cell.task == "sqlgen");
  }
  CHECK(facts == 3);
  CHECK(alphas == 2);
  CHECK(widths == 2);
  options.tasks = {data::tasks::nli};
  CHECK(settings_for(experiment, options).tasks.empty());
}
