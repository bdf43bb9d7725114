#include "experiments/harness/reuse.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "experiments/harness/run_card.h"
#include "tests/experiments/fake_cells.h"

namespace reuse_test {

using namespace experiments::harness;

namespace {

Settings smoke_into(const std::filesystem::path& out) {
  Settings options = settings_of(Preset::smoke);
  options.out = out;
  return options;
}

// The folder of an experiment with two cells, as run() leaves it.
void leave(const Settings& options, const std::string& name, nlohmann::json card = {}) {
  nlohmann::json whole{
      {"experiment", name},
      {"configuration", {{"base", base_of_all(options)}, {"settings", nlohmann::json::object()}}},
      {"runs", {machine_facts(1)}}};
  if (card.is_object()) whole.merge_patch(card);
  std::filesystem::create_directories(options.out / name);
  fake::write(options.out / name / "run.json", whole.dump());
  std::string lines;
  for (const int rank : {1, 2}) {
    CellResult result = fake::result(fake::cell("nli", {"q"}, rank, 1));
    result.experiment = name;
    result.more = {{"train_nll", 0.5}, {"looked_at", 2}};
    lines += to_json(result).dump() + "\n";
  }
  fake::write(options.out / name / "cells.jsonl", lines);
}

}  // namespace

TEST_CASE("cells that others trained alike are found, and say whose they are") {
  const TemporaryFolder folder;
  const Settings options = smoke_into(folder.path());
  leave(options, "table5");
  const auto found = trained_by_others(options, "table6");
  REQUIRE(found.size() == 2);
  const CellResult& result = found.at(fake::cell("nli", {"q"}, 2, 1).key());
  CHECK(result.experiment == "table5");
  CHECK(result.value == fake::result(result.cell).value);
  CHECK(result.more == std::map<std::string, double>{{"train_nll", 0.5}});
  CHECK(reuse_text({result, result}) == "2 of the cells were trained by others: 2 by table5");
  CHECK(trained_by_others(options, "table5").empty());
}

TEST_CASE(
    "nothing is taken from a folder that is not alike, not ours or damaged, nor for --fresh") {
  const TemporaryFolder folder;
  Settings options = smoke_into(folder.path());
  nlohmann::json other_machine = machine_facts(1);
  other_machine["cpu"] = "another";
  const auto found_with = [&](const nlohmann::json& card) {
    leave(options, "table5", card);
    return trained_by_others(options, "table6").size();
  };
  CHECK(found_with({}) == 2);
  CHECK(found_with({{"experiment", "table7"}}) == 0);  // a copy under another name
  CHECK(found_with({{"configuration", {{"base", {{"steps", 601}}}}}}) == 0);
  CHECK(found_with({{"configuration", {{"settings", {{"x", 1}}}}}}) == 0);
  CHECK(found_with({{"configuration", {{"settings", nullptr}}}}) == 0);  // the search of rates
  CHECK(found_with({{"runs", {machine_facts(1), other_machine}}}) == 0);
  CHECK(found_with({{"runs", nlohmann::json::array()}}) == 0);
  fake::write(options.out / "table5" / "run.json", "{");
  CHECK(trained_by_others(options, "table6").empty());
  leave(options, "table5");
  fake::write(options.out / "table5" / "cells.jsonl", "{}\n");
  CHECK(trained_by_others(options, "table6").empty());
  leave(options, "table5");
  options.start = Start::fresh;
  CHECK(trained_by_others(options, "table6").empty());
}

TEST_CASE("what a shard on this machine trained is found in its part, whoever else wrote one") {
  const TemporaryFolder folder;
  const Settings options = smoke_into(folder.path());
  nlohmann::json other_machine = machine_facts(1);
  other_machine["cpu"] = "another";
  leave(options, "table5", {{"runs", {other_machine}}});
  CHECK(trained_by_others(options, "table6").empty());
  const std::filesystem::path parts = options.out / "table5" / "parts";
  std::filesystem::create_directory(parts);
  std::filesystem::rename(options.out / "table5" / "cells.jsonl", parts / "1-of-2.n-1-0.jsonl");
  std::filesystem::rename(options.out / "table5" / "run.json", parts / "1-of-2.n-1-0.json");
  CHECK(trained_by_others(options, "table6").empty());
  leave(options, "table5");
  std::filesystem::rename(options.out / "table5" / "cells.jsonl", parts / "2-of-2.n-2-0.jsonl");
  std::filesystem::rename(options.out / "table5" / "run.json", parts / "2-of-2.n-2-0.json");
  CHECK(trained_by_others(options, "table6").size() == 2);
}

}  // namespace reuse_test
