#include "experiments/harness/parts.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "experiments/harness/results.h"
#include "experiments/harness/run_card.h"
#include "tests/experiments/fake_card.h"
#include "tests/experiments/fake_cells.h"

namespace parts_test {

using namespace experiments::harness;

namespace {

CellResult nth(int n) {
  return fake::result(fake::cell("nli", {"q"}, 1, static_cast<unsigned>(n)));
}

std::string line(const CellResult& result) { return to_json(result).dump() + "\n"; }

/// A results folder, and shards of three that use it.
struct Cluster {
  TemporaryFolder out;

  ResultsFolder shard(int number, const RunCard& card = fake::card(), int count = 3) const {
    return {out.path(), card, 1, Start::resume, Shard{number, count}};
  }
  ResultsFolder whole(Start start = Start::resume) const {
    return {out.path(), fake::card(), 1, start};
  }
  std::vector<std::filesystem::path> parts() const { return part_files(out.path()); }
  std::string refusal(const RunCard& card = fake::card()) const {
    try {
      shard(1, card);
      whole();
    } catch (const ResultsError& error) {
      return error.what();
    }
    return "accepted";
  }
};

}  // namespace

TEST_CASE("a shard writes a part of its own, and the whole command takes it") {
  const Cluster cluster;
  cluster.shard(1).append(nth(0));
  cluster.shard(3).append(nth(1));
  CHECK(cluster.parts().size() == 2);
  CHECK(shards_text(cluster.parts()) == "1, 3 of 3");
  for (const char* none : {"cells.jsonl", "run.json", "lock"})
    CHECK(!std::filesystem::exists(cluster.out / none));
  CHECK(read_folder(cluster.out.path()).size() == 2);
  {
    ResultsFolder folder = cluster.whole();
    CHECK(folder.notice() == "2 cells are taken from parts, shards 1, 3 of 3");
    CHECK(fake::comparable_text(folder.results()) == fake::comparable_text({nth(0), nth(1)}));
    folder.append(nth(2));
  }
  CHECK(read_cells(cluster.out / "cells.jsonl").size() == 3);
  CHECK(cluster.parts().size() == 2);  // their processes may be alive
  CHECK(cluster.whole().notice() == "");
}

TEST_CASE("a shard finds what cells.jsonl and all parts have, of any number of shards") {
  const Cluster cluster;
  cluster.whole().append(nth(0));
  cluster.shard(2).append(nth(1));
  ResultsFolder shard = cluster.shard(1, fake::card(), 7);
  CHECK(shard.contains(nth(0).cell));
  CHECK(shard.contains(nth(1).cell));
  CHECK_THROWS_WITH_AS(shard.append(nth(1)), doctest::Contains("already"), ResultsError);
}

TEST_CASE("a shard needs no lock, and whoever has it is not in the way") {
  const Cluster cluster;
  ResultsFolder whole = cluster.whole();
  ResultsFolder shard = cluster.shard(1);
  shard.append(nth(0));
  whole.append(nth(0));  // both ran it
  CHECK(read_folder(cluster.out.path()).size() == 1);
}

TEST_CASE("one shard twice at once writes two parts, and equal cells count once") {
  const Cluster cluster;
  {
    ResultsFolder one = cluster.shard(2), two = cluster.shard(2);  // of one host and pid
    CHECK(cluster.parts().size() == 2);
    CellResult later = nth(0);
    later.seconds = 99;
    later.experiment = "table5";  // the other found it there
    one.append(nth(0));
    two.append(later);
    two.append(nth(1));
  }
  CHECK(fake::comparable_text(cluster.whole().results()) ==
        fake::comparable_text({nth(0), nth(1)}));
  const std::string name = cluster.parts().front().filename().string();
  CHECK(name.starts_with("2-of-3."));
  CHECK(name.ends_with("-" + std::to_string(::getpid()) + "-0.jsonl"));
}

TEST_CASE("a part that stayed empty is removed, and one that is left empty says nothing") {
  const Cluster cluster;
  { const ResultsFolder shard = cluster.shard(1); }
  CHECK(cluster.parts().empty());
  CHECK(std::filesystem::is_empty(cluster.out / "parts"));
  fake::write(cluster.out / "parts/2-of-3.node-1-0.jsonl", "");  // killed, without its card
  fake::write(cluster.out / "parts/3-of-3.node-1-0.jsonl", "{torn");
  CHECK(cluster.refusal() == "accepted");
}

TEST_CASE("a torn end is passed over, also of cells.jsonl, and nobody else's file is written") {
  const Cluster cluster;
  cluster.whole().append(nth(0));
  cluster.shard(1).append(nth(1));
  const std::filesystem::path part = cluster.parts().front(), cells = cluster.out / "cells.jsonl";
  fake::write(part, line(nth(1)) + line(nth(2)).substr(0, 40));
  fake::write(cells, line(nth(0)) + line(nth(3)).substr(0, 60));
  const auto before = std::pair(fake::read(part), fake::read(cells));
  CHECK(cluster.shard(1).results().size() == 2);
  CHECK(before == std::pair(fake::read(part), fake::read(cells)));
  CHECK(cluster.whole().results().size() == 2);
  CHECK(fake::read(part) == before.first);
  CHECK(fake::read(cells) == line(nth(0)) + line(nth(1)));
}

TEST_CASE("another outcome of a cell is refused with both places and machines") {
  const Cluster cluster;
  cluster.whole().append(nth(0));
  CellResult other = nth(0);
  other.nll += 1e-15;
  cluster.shard(1).append(nth(1));
  const std::filesystem::path part = cluster.parts().front();
  fake::write(part, line(nth(1)) + line(other));
  auto card = nlohmann::json::parse(fake::read(card_of_part(part)));
  card["runs"][0]["cpu"] = "Another 9000";
  fake::write(card_of_part(part), card.dump());
  const std::string reason = cluster.refusal();
  CHECK(reason.starts_with(part.string() + ":2 (on Another 9000, commit "));
  CHECK(reason.find("a second result of cell " + other.cell.key()) != std::string::npos);
  CHECK(reason.find((cluster.out / "cells.jsonl").string() + ":1 (on " +
                    machines_of(card_of_run(fake::card(), 1))) != std::string::npos);
  CHECK(reason.find('\n') == std::string::npos);
}

TEST_CASE("damage in a part is an error with its line, and a part without its card too") {
  const Cluster cluster;
  cluster.shard(1).append(nth(0));
  const std::filesystem::path part = cluster.parts().front();
  fake::write(part, line(nth(0)) + "{}\n");
  CHECK(cluster.refusal() == part.string() + ":2: field \"experiment\" is missing");
  fake::write(part, line(nth(0)));
  for (const char* card : {"{", "{}", R"({"runs":[1]})"}) {
    fake::write(card_of_part(part), card);
    CHECK(cluster.refusal().starts_with(card_of_part(part).string()));
  }
  std::filesystem::remove(card_of_part(part));
  CHECK(cluster.refusal().starts_with(part.string() + " has cells but no "));
}

TEST_CASE("a part of another configuration is refused, by shards and by the whole command") {
  const Cluster cluster;
  RunCard other = fake::card();
  other.configuration["alpha"] = 16;
  cluster.shard(1, other).append(nth(0));
  CHECK(cluster.refusal().find("holds another configuration") != std::string::npos);
  CHECK(cluster.refusal().find("alpha  there 16  now 8") != std::string::npos);
  CHECK_THROWS_AS(cluster.whole(), ResultsError);
  CHECK(cluster.refusal(other).find("now 8") != std::string::npos);  // the whole one again
  CHECK(cluster.parts().size() == 1);                                // nothing of those refused
  const Cluster begun;
  begun.whole().append(nth(0));
  CHECK(begun.refusal(other).find("alpha  there 8  now 16") != std::string::npos);
}

TEST_CASE("run.json unites what the parts were asked for and where they ran") {
  const Cluster cluster;
  RunCard more = fake::card();
  more.extent["ranks"] = {64};
  cluster.shard(1, more).append(nth(0));
  auto card = nlohmann::json::parse(fake::read(card_of_part(cluster.parts().front())));
  card["runs"][0]["cpu"] = "Another 9000";
  fake::write(card_of_part(cluster.parts().front()), card.dump());
  { const ResultsFolder empty = cluster.shard(2); }
  const std::string notice = cluster.whole().notice();
  CHECK(notice.find("has cells of another build: cpu Another 9000 -> ") != std::string::npos);
  const auto run = nlohmann::json::parse(fake::read(cluster.out / "run.json"));
  CHECK(run["extent"]["ranks"].dump() == "[1,4,64]");
  REQUIRE(run["runs"].size() == 2);
  CHECK(run["runs"][0]["cpu"] == "Another 9000");
  const std::string text = fake::read(cluster.out / "run.json");
  cluster.whole();
  CHECK(fake::read(cluster.out / "run.json") == text);
}

TEST_CASE("a fresh start removes parts, and nothing else that is in their folder") {
  const Cluster cluster;
  cluster.shard(1).append(nth(0));
  fake::write(cluster.out / "parts/notes.txt", "text");
  CHECK(cluster.whole(Start::fresh).results().empty());
  CHECK(cluster.parts().empty());
  CHECK(std::filesystem::exists(cluster.out / "parts/notes.txt"));
  std::filesystem::remove(cluster.out / "parts/notes.txt");
  cluster.whole(Start::fresh);
  CHECK(!std::filesystem::exists(cluster.out / "parts"));
}

}  // namespace parts_test
