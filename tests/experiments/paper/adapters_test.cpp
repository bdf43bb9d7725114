#include "experiments/paper/adapters.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "experiments/harness/cells_file.h"
#include "experiments/paper/permuted_labels.h"
#include "lora/files/adapter.h"
#include "nn/files/file.h"
#include "tests/experiments/fake_cells.h"
#include "tests/experiments/paper/adapted_models.h"
#include "tests/nn/temporary_folder.h"

namespace adapters_test {

using namespace experiments::paper;

namespace {

/// What table7 and the figures read of these cells.
std::vector<AdaptedModel> adapted(const std::vector<Cell>& cells, Lab& lab) {
  std::vector<AdaptedModel> models;
  const Experiment experiment{.name = "any",
                              .question = "",
                              .cells = [&](const Settings&) { return cells; },
                              .read =
                                  [&](const Results& results, Lab& with) {
                                    models = adapted_models(results, with);
                                    return Report{"Any"};
                                  },
                              .look = keep_adapter,
                              .sweep = "adapters"};
  run(experiment, lab);
  return models;
}

int finished_lines(const std::filesystem::path& file) {
  const std::string text = nn::read_file(file);
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("adapters are trained once, and read by whoever asks for them") {
  const TemporaryFolder folder;
  Settings options;
  options.out = folder.path();
  options.base_steps = 1;
  Progress quiet(std::tmpfile(), false, 1e9);
  Lab lab(options, quiet);
  std::vector<Cell> cells;
  for (const int rank : {4, 8}) {
    Cell cell = adapter_cell(task_cell(options, data::tasks::nli, 2, 1), options, rank);
    cell.lr = 1e-2;
    cell.steps = 2;
    cell.examples = 40;
    cells.push_back(cell);
  }
  CHECK(adapter_cell(cells[0], options, 8, AlphaRule::proportional).alpha == 16);

  const auto first = adapted({cells[0]}, lab);
  // The cell's line names the folder of the adapter, whose file says what it is.
  const auto lines = read_cells(folder.path() / "adapters" / "cells.jsonl");
  REQUIRE(lines.size() == 1);
  const auto info = lora::describe_adapter(folder.path() / lines[0].adapter);
  CHECK(info.metadata.at("task") == "nli");
  CHECK(info.metadata.at("seed") == "1");
  CHECK(info.metadata.at("lr") == "0.01");
  CHECK(info.metadata.at("base").find("\"seed\":2") != std::string::npos);
  REQUIRE(first.size() == 1);
  CHECK(first.at(0).matrices.size() == 4);
  const AdaptedMatrix& matrix = first.at(0).matrices.at("blocks.1.attn.v");
  CHECK(matrix.A.rows() == 4);
  CHECK(matrix.delta.sigma.size() == 4);
  CHECK(matrix.delta.sigma(0) > 0);
  CHECK(finished_lines(options.out / "adapters" / "cells.jsonl") == 1);
  const std::string line = nn::read_file(options.out / "adapters" / "cells.jsonl");
  for (const char* measured : {"own_nll", "blind_nll", "chance"})
    CHECK(line.find(measured) != std::string::npos);

  const auto both = adapted(cells, lab);
  REQUIRE(both.size() == 2);
  CHECK(finished_lines(options.out / "adapters" / "cells.jsonl") == 2);
  CHECK(both.at(0).matrices.at("blocks.1.attn.v").A == matrix.A);
  CHECK(both.at(1).cell.rank == 8);

  Lab again(options, quiet);  // as another process finds it
  const auto read = adapted({cells[1]}, again);
  CHECK(finished_lines(options.out / "adapters" / "cells.jsonl") == 2);
  CHECK(read.at(0).matrices.at("blocks.0.attn.q").A == both.at(1).matrices.at("blocks.0.attn.q").A);
  CHECK(kind_of("blocks.0.attn.q") == "q");
}

TEST_CASE("a run of a part stands beside what the folder has of the whole") {
  Settings options;
  const auto result = [&](data::Task task, std::uint64_t seed, int rank, int facts = 20) {
    Settings with = options;
    with.facts = facts;
    return fake::result(adapter_cell(task_cell(with, task, 2, seed), with, rank));
  };
  const std::vector<Cell> asked{result(data::tasks::nli, 1, 4).cell};
  const std::vector<CellResult> whole{
      result(data::tasks::nli, 1, 4), result(data::tasks::nli, 2, 4),
      result(data::tasks::sqlgen, 1, 4), result(data::tasks::sqlgen, 1, 4, 8),  // another K
      result(data::tasks::nli, 1, 8)};                                          // another rank
  const std::vector<Cell> others = beside(asked, whole, options);
  REQUIRE(others.size() == 2);
  CHECK(others[0].key() == whole[1].cell.key());
  CHECK(others[1].key() == whole[2].cell.key());

  // What was asked for goes before an adapter of another learning rate in its place; of two others
  // nobody can say which is meant.
  CellResult older = whole[0];
  older.cell.lr = 1;
  CHECK(beside(asked, {whole[0], older}, options).empty());
  older = whole[1];
  older.cell.lr = 1;
  CHECK_THROWS_WITH_AS(beside(asked, {whole[1], older}, options),
                       doctest::Contains("two adapters for one place"), std::invalid_argument);
}

TEST_CASE(
    "a twin is the same cell on permuted labels, trained longer, and has a place of its own") {
  const Settings options = settings_of(Preset::quick);
  const std::vector<Cell> plain = adapter_cells(options, {1, 4}),
                          twins = permuted_cells(options, {1, 4});
  REQUIRE(twins.size() == plain.size() / 2);  // in `quick` those of r >= 4
  std::set<std::string> keys;
  for (const Cell& cell : plain) keys.insert(cell.key());
  for (Cell twin : twins) {
    CHECK(twin.labels == "permuted");
    twin.labels = "true", twin.steps /= longer_by(options.preset);
    CHECK(keys.contains(twin.key()));
  }
  const std::vector<CellResult> there{fake::result(plain[1]), fake::result(twins[0])};
  CHECK(beside({plain[1]}, there, options).empty());  // nobody asked for permuted labels
  CHECK(beside({plain[1], twins[0]}, {fake::result(twins[1])}, options).size() == 1);
}

TEST_CASE("what twins have learned by heart, and whether their score is chance") {
  const auto outcomes = [](double own_of_twin, double score_of_twin) {
    std::vector<CellResult> results;
    for (const Cell& cell : adapter_cells(settings_of(Preset::quick), {4, 8}))
      for (const Cell& one : {cell, permuted_twin(cell, Preset::quick)}) {
        CellResult result = fake::result(one);
        autograd::Random random(cell.seed, one.key());
        result.value = (is_permuted(one) ? score_of_twin : 0.9) + 0.003 * random.normal();
        result.more["own_nll"] = (is_permuted(one) ? own_of_twin : 0.1) + 0.003 * random.normal();
        result.more["blind_nll"] = 1.1;
        result.more["chance"] = 0.38;
        results.push_back(result);
      }
    std::vector<Finding> findings{permuted_finding(results)};
    judge(findings);
    std::string letters;
    for (const Finding::Part& part : findings[0].parts)
      letters += outcome_text(part.judgement.outcome)[0];
    return letters;
  };
  CHECK(outcomes(0.15, 0.36) == "hhhhhh");  // two parts for each of three tasks
  CHECK(outcomes(0.50, 0.36) == "dhdhdh");  // half of it learned
  CHECK(outcomes(0.15, 0.60) == "hdhdhd");  // and something of the task
  CHECK(outcomes(1.10, 0.90) == "dddddd");
}

TEST_CASE("a finding rests on cells, however many matrices and pairs they make") {
  std::vector<AdaptedModel> models;
  for (const int rank : {4, 8, 8}) models.push_back({fake::cell("sqlgen", rank, 1), {}});
  models[0].cell.facts = models[1].cell.facts = models[2].cell.facts = 20;
  const Finding finding = resting_on({"F3", "", "", {{"a part", "sqlgen", {}}}}, models,
                                     [](const Cell& cell) { return cell.rank >= 4; });
  CHECK(finding.cells == 2);
  CHECK(finding.parts[0].task == "sqlgen, K = 20");
}

}  // namespace adapters_test
