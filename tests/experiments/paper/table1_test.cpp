#include "experiments/paper/table1.h"

#include <doctest/doctest.h>

namespace table1_test {

using namespace experiments::paper;

namespace {

std::vector<table1::LatencyRow> rows(double merged, double houlsby_adapter, double lin_adapter,
                                     double noise) {
  autograd::Random random(1, "test.table1");
  std::vector<table1::LatencyRow> list;
  const auto add = [&](const char* model, double percent) {
    table1::LatencyRow row{{4, 32}, model, 0, 1e-3, {}, {}};
    for (std::uint64_t i = 0; i < 5; ++i) row.slower_by[{0, i}] = percent + noise * random.normal();
    list.push_back(row);
  };
  add("base again", 0);
  add("LoRA merged", merged);
  add("Adapter-H", houlsby_adapter);
  add("Adapter-L", lin_adapter);
  return list;
}

std::string letters(const std::vector<table1::LatencyRow>& latency, long different) {
  std::map<std::uint64_t, table1::MergedOutput> outputs;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) outputs[seed].different = different;
  std::vector<Finding> findings = table1::findings(latency, outputs);
  judge(findings);
  std::string text;
  for (const auto& part : findings.at(0).parts) text += outcome_text(part.judgement.outcome)[0];
  return text;
}

}  // namespace

TEST_CASE("F9 is judged by what was measured") {
  CHECK(letters(rows(0, 12, 7, 0.3), 0) == "hhhh");
  CHECK(letters(rows(9, -6, -6, 0.3), 3) == "cddd");
  CHECK(letters(rows(0, 12, 7, 90), 0) == "hooo");
}

TEST_CASE("merged LoRA is bit for bit the model with W0 + ΔW, and not the base") {
  const table1::MergedOutput output = table1::compare_merged(1);
  CHECK(output.logits > 1000);
  CHECK(output.different == 0);
  CHECK(output.from_unmerged < 1e-5);
  CHECK(output.from_base > 0.01);  // control: ΔW does something
}

TEST_CASE("every model is timed against the base, at about LoRA's number of parameters") {
  const auto latency = table1::measure_latency({2, 8}, 2, 3);
  REQUIRE(latency.size() == table1::latency_models().size());
  long lora = 0;
  for (const table1::LatencyRow& row : latency)
    if (row.model == "LoRA") lora = row.parameters;
  CHECK(lora == 2 * 2 * 2 * 64 * 4);
  for (const table1::LatencyRow& row : latency) {
    CHECK(row.of_base.size() == 6);
    CHECK(row.slower_by.size() == 3);
    if (row.model.starts_with("base")) {
      CHECK(row.parameters == 0);
    } else {
      CHECK(row.parameters > lora / 2);
      CHECK(row.parameters < 2 * lora);
    }
  }
}

}  // namespace table1_test
