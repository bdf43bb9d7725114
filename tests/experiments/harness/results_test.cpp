#include "experiments/harness/results.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "experiments/harness/run_card.h"
#include "tests/experiments/fake_card.h"
#include "tests/experiments/fake_cells.h"

namespace results_test {

using namespace experiments::harness;

namespace {

CellResult nth(int n) {
  return fake::result(fake::cell("nli", {"q"}, 1, static_cast<unsigned>(n)));
}

std::string refusal(const std::filesystem::path& path, const RunCard& card = fake::card(),
                    Start start = Start::resume) {
  try {
    ResultsFolder folder(path, card, 1, start);
  } catch (const ResultsError& error) {
    return error.what();
  }
  return "accepted";
}

long lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("results come back when the folder is opened again") {
  TemporaryFolder out;
  {
    ResultsFolder folder(out / "a/table6", fake::card(), 1);
    CHECK(folder.results().empty());
    folder.append(nth(1));
    folder.append(nth(0));
    CHECK(folder.contains(nth(1).cell));
    CHECK(!folder.contains(nth(2).cell));
  }
  const std::string text = fake::read(out / "a/table6/cells.jsonl");
  const std::string card = fake::read(out / "a/table6/run.json");
  ResultsFolder folder(out / "a/table6", fake::card(), 1);
  CHECK(fake::comparable_text(folder.results()) == fake::comparable_text({nth(0), nth(1)}));
  CHECK(fake::read(out / "a/table6/cells.jsonl") == text);
  CHECK(fake::read(out / "a/table6/run.json") == card);
  CHECK_THROWS_WITH_AS(folder.append(nth(0)), doctest::Contains("already"), ResultsError);
  CHECK(fake::read(out / "a/table6/cells.jsonl") == text);
}

TEST_CASE("a last line torn at any byte is cut off, and the folder goes on") {
  const std::string two = to_json(nth(0)).dump() + "\n" + to_json(nth(1)).dump() + "\n";
  const std::string third = to_json(nth(2)).dump();
  TemporaryFolder out;
  { ResultsFolder folder(out.path(), fake::card(), 1); }
  for (std::size_t bytes = 0; bytes <= third.size(); ++bytes) {
    fake::write(out / "cells.jsonl", two + third.substr(0, bytes));
    ResultsFolder folder(out.path(), fake::card(), 1);
    REQUIRE(folder.results().size() == 2);
    REQUIRE(fake::read(out / "cells.jsonl") == two);
    if (bytes % 16 != 0) continue;  // each append waits for the disk
    folder.append(nth(2));
    REQUIRE(fake::read(out / "cells.jsonl") == two + third + "\n");
  }
  fake::write(out / "cells.jsonl", two + std::string(4096, '\0'));  // what a power cut may leave
  ResultsFolder folder(out.path(), fake::card(), 1);
  CHECK(fake::read(out / "cells.jsonl") == two);
}

TEST_CASE("damage elsewhere is an error with file and line, and changes nothing") {
  TemporaryFolder out;
  { ResultsFolder folder(out.path(), fake::card(), 1); }
  const std::string good = to_json(nth(0)).dump() + "\n";
  const std::string file = (out / "cells.jsonl").string();
  const auto with = [&](const std::string& text) {
    fake::write(out / "cells.jsonl", text);
    const std::string reason = refusal(out.path());
    CHECK(fake::read(out / "cells.jsonl") == text);
    return reason;
  };
  CHECK(with(good + "{\"task\":\n" + to_json(nth(1)).dump() + "\n") == file + ":2: is not JSON");
  CHECK(with(good + "[1]\n") == file + ":2: is not a JSON object");
  CHECK(with("{}\n" + good) == file + ":1: field \"experiment\" is missing");
  CHECK(with(good + "\n") == file + ":2: is not JSON");
  CHECK(with(good + good) == "accepted");  // two processes ran it, and came to the same
  CellResult other = nth(0);
  other.value = 0.125;
  CHECK(with(good + to_json(other).dump() + "\n") ==
        fmt::format("{0}:2 (on {2}): a second result of cell {1}, and another one than in {0}:1 "
                    "(on {2}); remove one of the two lines",
                    file, nth(0).cell.key(), machines_of(card_of_run(fake::card(), 1))));
  for (const char* card :
       {"{", "[]", "{}", R"({"experiment":"table6","configuration":3})",
        R"({"experiment":"table6","configuration":{},"extent":{},"runs":[3]})"}) {
    fake::write(out / "run.json", card);
    CHECK(refusal(out.path()) != "accepted");
  }
}

TEST_CASE("kill -9 at five moments loses no finished cell and doubles none") {
  TemporaryFolder out;
  int finished = 0;
  for (const int until : {1, 2, 5, 3, 17}) {
    int acknowledged[2];
    REQUIRE(::pipe(acknowledged) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ResultsFolder folder(out.path(), fake::card(), 1);
      for (int n = 0;; ++n) {
        if (folder.contains(nth(n).cell)) continue;
        folder.append(nth(n));
        if (::write(acknowledged[1], "x", 1) != 1) ::_exit(1);
      }
    }
    char byte;
    for (int i = 0; i < until; ++i) REQUIRE(::read(acknowledged[0], &byte, 1) == 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(acknowledged[1]);
    finished += until;
    while (::read(acknowledged[0], &byte, 1) == 1) ++finished;
    ::close(acknowledged[0]);

    ResultsFolder folder(out.path(), fake::card(), 1);  // the lock went with the process
    const int kept = static_cast<int>(folder.results().size());
    CHECK(kept >= finished);
    CHECK(kept <= finished + 1);  // written, and killed before it could say so
    CHECK(lines(fake::read(out / "cells.jsonl")) == kept);
    finished = kept;
  }
}

TEST_CASE("two processes in one folder: the second is refused and changes nothing") {
  TemporaryFolder out;
  ResultsFolder folder(out.path(), fake::card(), 1);
  folder.append(nth(0));
  const std::string in_use =
      out.path().string() + " is in use by another run; wait for it or choose another --out";
  CHECK(refusal(out.path()) == in_use);
  CHECK(refusal(out.path(), fake::card(), Start::fresh) == in_use);
  CHECK(lines(fake::read(out / "cells.jsonl")) == 1);
}

TEST_CASE("more ranks and seeds continue a folder, another configuration does not") {
  TemporaryFolder out;
  { ResultsFolder(out.path(), fake::card(), 1).append(nth(0)); }
  RunCard more = fake::card();
  more.extent["ranks"] = {8};
  more.extent["seeds"] = {3, 4};
  CHECK(ResultsFolder(out.path(), more, 1).results().size() == 1);
  const auto card = nlohmann::json::parse(fake::read(out / "run.json"));
  CHECK(card["extent"].dump() == R"({"ranks":[1,4,8],"seeds":[0,1,2,3,4]})");
  CHECK(card["hash"] == configuration_hash(fake::card().configuration));

  const auto before = std::pair(fake::read(out / "run.json"), fake::read(out / "cells.jsonl"));
  RunCard other = fake::card();
  other.configuration["steps"]["nli"] = 900;
  CHECK(refusal(out.path(), other) ==
        out.path().string() +
            " holds another configuration; choose another --out, or --fresh to start over\n"
            "  steps.nli  there 800  now 900\n");
  other = fake::card();
  other.experiment = "table5";
  CHECK(refusal(out.path(), other).ends_with("  experiment  there \"table6\"  now table5\n"));
  CHECK(before == std::pair(fake::read(out / "run.json"), fake::read(out / "cells.jsonl")));
}

TEST_CASE("a fresh start removes our own files and nothing else") {
  TemporaryFolder out;
  { ResultsFolder(out.path(), fake::card(), 1).append(nth(0)); }
  for (const char* name : {"table6.md", "table6.csv", "notes.txt", "table5.md"}) {
    fake::write(out / name, "text");
  }
  RunCard other = fake::card();
  other.configuration["alpha"] = 16;
  CHECK(ResultsFolder(out.path(), other, 1, Start::fresh).results().empty());
  CHECK(out.names() ==
        std::vector<std::string>{"cells.jsonl", "lock", "notes.txt", "run.json", "table5.md"});
  CHECK(nlohmann::json::parse(fake::read(out / "run.json"))["configuration"]["alpha"] == 16);
}

TEST_CASE("cells without a run card are not adopted") {
  TemporaryFolder out;
  { ResultsFolder(out.path(), fake::card(), 1).append(nth(0)); }
  std::filesystem::remove(out / "run.json");
  CHECK(refusal(out.path()).find("has cells but no run.json") != std::string::npos);
  CHECK(refusal(out.path(), fake::card(), Start::fresh) == "accepted");
}

TEST_CASE("each kind of run is recorded once, and another build is noticed") {
  TemporaryFolder out;
  { CHECK(ResultsFolder(out.path(), fake::card(), 1).notice() == ""); }
  { CHECK(ResultsFolder(out.path(), fake::card(), 2).notice() == ""); }  // threads change nothing
  auto card = nlohmann::json::parse(fake::read(out / "run.json"));
  CHECK(card["runs"].size() == 2);
  CHECK(card["runs"][0].contains("started"));
  card["runs"][0]["commit"] = "0123";
  fake::write(out / "run.json", card.dump());
  CHECK(ResultsFolder(out.path(), fake::card(), 2).notice().find("commit 0123 -> ") !=
        std::string::npos);
}

TEST_CASE("a full disk costs one clear line and no finished cell") {
  TemporaryFolder out;
  ResultsFolder folder(out.path(), fake::card(), 1);
  folder.append(nth(0));
  const std::string before = fake::read(out / "cells.jsonl");
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t room : {rlim_t{0}, rlim_t{20}}) {  // no byte fits, or part of the line does
    const rlimit small{before.size() + room, old.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    std::string message;
    try {
      folder.append(nth(1));
    } catch (const ResultsError& error) {
      message = error.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &old);
    CHECK(message.starts_with("cannot write " + (out / "cells.jsonl").string() + ": "));
    CHECK(fake::read(out / "cells.jsonl") == before);
    CHECK(!folder.contains(nth(1).cell));
  }
  std::signal(SIGXFSZ, old_handler);
  folder.append(nth(1));
  CHECK(lines(fake::read(out / "cells.jsonl")) == 2);
}

TEST_CASE("a folder that cannot be made or written is one line") {
  TemporaryFolder out;
  fake::write(out / "file", "text");
  const std::string reason = refusal(out / "file/table6");
  CHECK(reason.find((out / "file").string()) != std::string::npos);
  CHECK(reason.find('\n') == std::string::npos);
  if (::geteuid() != 0) {
    std::filesystem::create_directory(out / "closed");
    std::filesystem::permissions(out / "closed", std::filesystem::perms(0500));
    CHECK(refusal(out / "closed").starts_with("cannot open "));
  }
}

}  // namespace results_test
