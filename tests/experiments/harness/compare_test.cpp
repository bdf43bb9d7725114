#include "experiments/harness/compare.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/harness/results.h"
#include "experiments/harness/run_card.h"
#include "tests/experiments/compared_cells.h"
#include "tests/experiments/fake_card.h"

namespace compare_test {

using namespace experiments::harness;
using fake::Cells;
using fake::changed;
using fake::runs;
using fake::with_alpha;

namespace {

std::string unreadable(const std::filesystem::path& folder) {
  try {
    read_finished_folder(folder);
  } catch (const ResultsError& error) {
    return error.what();
  }
  return "nothing";
}

void write_folder(const std::filesystem::path& path, const Cells& cells) {
  ResultsFolder folder(path, fake::card(), 1);
  for (const CellResult& result : cells) folder.append(result);
}

/// What a user reads, on one line.
std::string words(const Cells& a, const Cells& b) {
  const Report report = comparison_report({"old", "table6", "a CPU, commit 1", a},
                                          {"new", "sweep", "a CPU, commit 2", b}, compared(a, b));
  std::string text = report_text(report, 100'000);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the report says what is compared and how sure it is") {
  const std::string text = words(runs(), changed(runs(), with_alpha(32, 2)));
  CAPTURE(text);
  CHECK(contains(text, "A is old: 6 cells of table6, on a CPU, commit 1."));
  CHECK(contains(text, "B is new: 6 cells of sweep, on a CPU, commit 2."));
  CHECK(contains(text, "They differ in alpha (A: 8; B: 32)."));
  CHECK(contains(text, "task=nli rank=4"));
  CHECK(contains(text, "+4.0 [+1.5, +6.5]"));
  CHECK(contains(text, "-0.040 [-0.065, -0.015]"));
  CHECK(contains(text, "with 3 it goes 4.3 standard errors to each side"));
  CHECK(!contains(text, "Without a partner"));
  CHECK(!contains(text, "in both"));
}

TEST_CASE("the report counts what is the same, and names cells with other numbers") {
  const std::string same = words(runs(), runs());
  CHECK(contains(same,
                 "Both hold the same 6 cells: 6 with the same value and nll, bit for bit, "
                 "and 0 with others."));
  CHECK(contains(same, "No field differs between partners."));
  CHECK(!contains(same, "B - A"));
  Cells other = runs();
  other[1].nll = std::nextafter(other[1].nll, 2);  // rank 4, seed 2
  const std::string text = words(runs(), other);
  CHECK(contains(text, "5 with the same value and nll, bit for bit, and 1 with others."));
  CHECK(contains(text, "task=nli seed=2 base_seed=2"));
  CHECK(contains(words(runs({4, 16}), runs({1, 4, 64})), "3 cells are in both: 3 with the same"));
}

TEST_CASE("the report says what has no partner, and what is not known") {
  CHECK(contains(words(runs({1, 4}), runs({4, 16, 64})),
                 "Without a partner: 3 cells of A, 6 cells of B."));
  const std::string single =
      words(runs({4}, {1, 2, 3}), changed(runs({4}, {3, 4}), with_alpha(32, 2)));
  CHECK(contains(single, "Fewer than 2 pairs have no interval: \"-\"."));
  CHECK(!contains(single, "["));
  Cells diverged = changed(runs({4}), with_alpha(32, 2));
  diverged[0].nll = std::numeric_limits<double>::infinity();
  CHECK(
      contains(words(runs({4}), diverged), "Differences of nll that are not finite do not count."));
}

TEST_CASE("a folder is read with its parts and their machines, and left as it is") {
  TemporaryFolder out;
  const Cells cells = runs({4});
  write_folder(out / "a", {cells[0], cells[1]});
  {
    ResultsFolder shard(out / "a", fake::card(), 1, Start::resume, Shard{1, 2});
    shard.append(cells[2]);
  }
  const std::filesystem::path of_part = card_of_part(part_files(out / "a").front());
  auto card = nlohmann::json::parse(fake::read(of_part));
  card["runs"][0]["cpu"] = "Another 9000";
  fake::write(of_part, card.dump());
  const std::string before = fake::read(out / "a/cells.jsonl") + fake::read(out / "a/run.json");
  const FinishedFolder folder = read_finished_folder(out / "a");
  CHECK(fake::comparable_text(folder.cells) == fake::comparable_text(cells));
  CHECK(folder.experiment == "table6");
  CHECK(contains(folder.machines, machines_of(card_of_run(fake::card(), 1))));
  CHECK(contains(folder.machines, "Another 9000"));
  CHECK(before == fake::read(out / "a/cells.jsonl") + fake::read(out / "a/run.json"));
}

TEST_CASE("a folder that cannot be compared is one line that says why") {
  TemporaryFolder out;
  const auto at = [&](const char* name) { return (out / name).string(); };
  CHECK(unreadable(out / "none") == at("none") + " is no folder");
  fake::write(out / "file", "text");
  CHECK(unreadable(out / "file") == at("file") + " is no folder");
  write_folder(out / "empty", {});
  CHECK(unreadable(out / "empty") == at("empty") + " has no finished cells");
  write_folder(out / "a", runs({4}));
  CHECK(unreadable(out / "a") == "nothing");
  fake::write(out / "a/run.json", "{");
  CHECK(unreadable(out / "a").starts_with(at("a/run.json") + " is not JSON"));
  for (const char* card : {"{}", R"({"experiment":3,"configuration":{},"extent":{},"runs":[]})",
                           R"({"experiment":"a","configuration":{},"extent":{},"runs":[3]})"}) {
    fake::write(out / "a/run.json", card);
    CHECK(unreadable(out / "a") == at("a/run.json") + " is not a run card");
  }
  fake::write(out / "a/run.json", R"({"format":99})");
  CHECK(contains(unreadable(out / "a"), "its format is 99, and this program reads 1"));
  std::filesystem::remove(out / "a/run.json");
  CHECK(unreadable(out / "a") ==
        at("a") + " has no run.json: the folder of one experiment is wanted, as results/table6");
}

}  // namespace compare_test
