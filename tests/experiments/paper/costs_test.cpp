#include "experiments/paper/costs.h"

#include <doctest/doctest.h>

#include "experiments/harness/timing.h"
#include "tests/nn/temporary_folder.h"

namespace costs_test {

using namespace experiments::paper;
using doctest::Approx;

TEST_CASE("GPT-3's figures by formula are the paper's") {
  const lora::CostCase c = lora::gpt3_case();
  CHECK(lora::lora_parameters(c) == 2.0 * 96 * 2 * 12288 * 4);  // 18.87 M
  CHECK(lora::adapter_file_bytes(c) == 37'748'736);             // the paper says 35 MB
  CHECK(lora::model_file_bytes(c) == Approx(350e9).epsilon(0.002));
  CHECK(lora::model_file_bytes(c) / lora::adapter_file_bytes(c) == Approx(9286).epsilon(0.001));
  const lora::TrainingBytes all = lora::full_training_bytes(c);
  CHECK(all.total() - all.gradients < 1.2e12);  // 1.05 TB
  CHECK(all.total() > 1.2e12);                  // 1.40 TB
  CHECK(lora::lora_training_bytes(c).total() == Approx(350e9).epsilon(0.003));
}

TEST_CASE("what the tape and the files hold is what the formulas say") {
  const TemporaryFolder folder;
  const std::vector<costs::CostRow> rows = costs::measure_costs({32}, {1, 2, 8}, 2, folder.path());
  REQUIRE(rows.size() == 4);
  for (const costs::CostRow& row : rows) {
    const lora::TrainingBytes formula = row.rank == 0 ? lora::full_training_bytes(row.by_formula)
                                                      : lora::lora_training_bytes(row.by_formula);
    CHECK(row.bytes.frozen == formula.frozen);
    CHECK(row.bytes.trainable == formula.trainable);
    CHECK(row.bytes.gradients == formula.gradients);
    CHECK(row.bytes.optimizer == formula.optimizer);
    CHECK(row.file > row.tensors);
    CHECK(row.seconds.size() == 2);
  }
  CHECK(std::filesystem::is_empty(folder.path()));

  std::vector<Finding> findings = costs::findings(rows);
  judge(findings);
  CHECK(findings.at(0).summary() == "holds on 1 of 1");

  std::vector<costs::CostRow> wrong = rows;  // control: Adam with state for what is frozen
  for (costs::CostRow& row : wrong) row.bytes.optimizer += 2 * row.bytes.frozen;
  findings = costs::findings(wrong);
  judge(findings);
  CHECK(findings.at(0).parts.at(0).judgement.outcome == Outcome::contradicted);
  CHECK(findings.at(0).parts.at(1).judgement.outcome == Outcome::holds);
}

TEST_CASE("every action is timed in every round, and quantiles interpolate") {
  int first = 0, second = 0;
  const auto seconds = interleaved_seconds({[&] { ++first; }, [&] { ++second; }}, 7, 1e-6);
  CHECK(seconds.size() == 2);
  CHECK(seconds[0].size() == 7);
  CHECK(seconds[1].size() == 7);
  CHECK(first >= 9);
  CHECK(second >= 9);
  CHECK(quantile({3, 1, 2}, 0.5) == 2);
  CHECK(quantile({1, 2}, 0.25) == 1.25);
  CHECK(ratios({2, 9}, {1, 3}) == std::vector<double>{2, 3});
}

}  // namespace costs_test
