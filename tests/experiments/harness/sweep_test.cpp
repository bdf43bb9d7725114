#include "experiments/harness/sweep.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

#include "experiments/training/stopped.h"
#include "tests/experiments/fake_card.h"
#include "tests/experiments/fake_cells.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace sweep_test {

using namespace experiments::harness;
using namespace std::chrono_literals;

namespace {

using Stop = std::atomic<bool>;

std::vector<Cell> cells(int n) {
  std::vector<Cell> all;
  for (int i = 0; i < n; ++i) all.push_back(fake::cell("nli", {"q"}, 1 + i, 0));
  return all;
}

CellResult fake_run(const Cell& cell, const Stop&) {
  CellResult result = fake::result(cell);
  result.seconds = -1;
  return result;
}

/// A sweep with a quiet progress; `said` receives what it would have shown.
struct Sweep {
  TemporaryFolder out;
  ResultsFolder folder{out / "table6", fake::card(), 1};
  SweepOptions options;
  std::string said;

  /// Returns how many cells are new in the folder.
  std::size_t run(const std::vector<Cell>& list, const RunCell& run_cell) {
    const std::size_t before = folder.results().size();
    std::FILE* file = std::fopen((out / "said").c_str(), "w");
    Progress progress(file, false, 1e9);
    const auto finish = [&] {
      std::fclose(file);
      said = fake::read(out / "said");
    };
    try {
      run_sweep(list, options, run_cell, folder, progress);
      finish();
      return folder.results().size() - before;
    } catch (...) {
      finish();
      throw;
    }
  }
};

}  // namespace

TEST_CASE("a sweep computes what is missing, and the second time nothing") {
  Sweep sweep;
  std::atomic<int> calls = 0;
  const RunCell counted = [&](const Cell& cell, const Stop& stop) {
    ++calls;
    return fake_run(cell, stop);
  };
  CHECK(sweep.run(cells(4), counted) == 4);
  const std::string text = fake::read(sweep.out / "table6/cells.jsonl");
  CHECK(sweep.run(cells(4), counted) == 0);
  CHECK(calls == 4);
  CHECK(fake::read(sweep.out / "table6/cells.jsonl") == text);
  CHECK(sweep.said == "4 cells, 4 of them there already; nothing to compute\n");
  auto more = cells(6);
  more.push_back(more.back());  // listed twice, run once
  CHECK(sweep.run(more, counted) == 2);
  CHECK(calls == 6);
  for (const auto& result : sweep.folder.results()) CHECK(result.seconds >= 0);
}

TEST_CASE("results are the same whatever the number of jobs") {
  std::string texts[3];
  for (int i = 0; i < 3; ++i) {
    Sweep sweep;
    sweep.options.jobs = 1 + i;
    sweep.run(cells(20), fake_run);
    texts[i] = fake::comparable_text(sweep.folder.results());
  }
  CHECK(std::count(texts[0].begin(), texts[0].end(), '\n') == 20);
  CHECK(texts[1] == texts[0]);
  CHECK(texts[2] == texts[0]);
}

TEST_CASE("cells run side by side, each on one thread") {
  Sweep sweep;
  sweep.options.jobs = 2;
  std::atomic<int> inside = 0;
  std::atomic<bool> met = false;
  std::set<int> threads_inside;
  std::mutex mutex;
  sweep.run(cells(2), [&](const Cell& cell, const Stop& stop) {
    if (++inside == 2) met = true;
    for (int i = 0; i < 5000 && !met; ++i) std::this_thread::sleep_for(1ms);
#ifdef _OPENMP
    const std::lock_guard guard(mutex);
    threads_inside.insert(omp_get_max_threads());
#endif
    return fake_run(cell, stop);
  });
  CHECK(met);
#ifdef _OPENMP
  CHECK(threads_inside == std::set<int>{1});
#endif
}

TEST_CASE("the longest cell starts first") {
  Sweep sweep;
  sweep.options.expected_seconds = [](const Cell& cell) { return cell.rank % 3; };
  std::vector<int> order;
  sweep.run(cells(6), [&](const Cell& cell, const Stop& stop) {
    order.push_back(cell.rank);
    return fake_run(cell, stop);
  });
  CHECK(order == std::vector<int>{2, 5, 1, 4, 3, 6});
}

TEST_CASE("a cell that throws is named, and the others' results are kept") {
  Sweep sweep;
  sweep.options.jobs = 2;
  const auto list = cells(6);
  const auto run = [&](int failing) {
    sweep.run(list, [&](const Cell& cell, const Stop& stop) {
      if (cell.rank <= failing) throw std::runtime_error("gradient of blocks.0.ln1.bias is NaN");
      return fake_run(cell, stop);
    });
  };
  const std::string reason =
      "cell " + list[0].key() + " failed: gradient of blocks.0.ln1.bias is NaN";
  CHECK_THROWS_WITH_AS(run(1), reason.c_str(), CellsFailed);
  CHECK(sweep.folder.results().size() == 5);
  CHECK(!sweep.folder.contains(list[0]));
  CHECK(sweep.said.find(reason + "\n") != std::string::npos);
  CHECK_NOTHROW(run(0));
  CHECK(sweep.folder.results().size() == 6);

  Sweep all_fail;
  CHECK_THROWS_WITH_AS(
      all_fail.run(list,
                   [](const Cell&, const Stop&) -> CellResult { throw std::runtime_error("no"); }),
      doctest::Contains("(and 5 more)"), CellsFailed);
}

TEST_CASE("a result of another cell is refused") {
  Sweep sweep;
  CHECK_THROWS_WITH_AS(
      sweep.run(cells(1), [](const Cell&, const Stop&) { return fake::result(cells(2)[1]); }),
      doctest::Contains("returned the result of cell"), CellsFailed);
  CHECK(sweep.folder.results().empty());
}

TEST_CASE("a signal stops the sweep, keeps what is finished and says how to continue") {
  for (const int signal : {SIGINT, SIGTERM}) {
    Sweep sweep;
    sweep.options.continue_with = "lowrank table6";
    const auto run = [&](const Cell& cell, const Stop& stop) {
      if (cell.rank == 3) {
        std::raise(signal);
        for (int i = 0; i < 5000 && !stop; ++i) std::this_thread::sleep_for(1ms);
        if (stop) throw Stopped("in the middle");
      }
      return fake_run(cell, stop);
    };
    CHECK_THROWS_WITH_AS(sweep.run(cells(5), run),
                         "stopped with 2 of 5 cells finished; continue with: lowrank table6",
                         Stopped);
    CHECK(sweep.folder.results().size() == 2);
    CHECK(sweep.run(cells(5), fake_run) == 3);
  }
}

TEST_CASE("a cell that does not look at the flag ends in its own time and is kept") {
  Sweep sweep;
  const auto run = [&](const Cell& cell, const Stop& stop) {
    std::raise(SIGTERM);
    while (!stop) std::this_thread::sleep_for(1ms);
    return fake_run(cell, stop);
  };
  CHECK_THROWS_WITH_AS(sweep.run(cells(3), run), "stopped with 1 of 3 cells finished", Stopped);
  CHECK(sweep.folder.results().size() == 1);
}

TEST_CASE("the signal's usual effect returns after the sweep") {
  const auto ours = std::signal(SIGINT, SIG_IGN);
  Sweep sweep;
  sweep.run(cells(1), fake_run);
  CHECK((std::signal(SIGINT, ours) == SIG_IGN));
}

TEST_CASE("a folder that cannot be written stops the sweep") {
  Sweep sweep;
  sweep.run(cells(1), fake_run);
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{std::filesystem::file_size(sweep.out / "table6/cells.jsonl"), old.rlim_max};
  std::atomic<int> calls = 0;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK_THROWS_AS(sweep.run(cells(9),
                            [&](const Cell& cell, const Stop& stop) {
                              ++calls;
                              return fake_run(cell, stop);
                            }),
                  ResultsError);
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  CHECK(calls == 1);
  CHECK(sweep.folder.results().size() == 1);
}

TEST_CASE("the plan says how many, how long and how much memory") {
  Sweep sweep;
  sweep.options.jobs = 2;
  sweep.options.expected_seconds = [](const Cell& cell) { return cell.rank == 1 ? 50.0 : 10.0; };
  sweep.options.bytes_per_cell = 12'000'000;
  CHECK(plan_text(cells(12), sweep.options, sweep.folder) ==
        "12 cells; 12 to compute, 2 at a time: about 1 min 20 s, 24 MB");
  CHECK(plan_text(cells(2), sweep.options, sweep.folder) ==
        "2 cells; 2 to compute, 2 at a time: about 50 s, 24 MB");
  // A finished cell that took half of what was expected halves the estimate of the others.
  CellResult quick = fake::result(cells(1)[0]);
  quick.seconds = 25;
  sweep.folder.append(quick);
  CHECK(plan_text(cells(13), sweep.options, sweep.folder) ==
        "13 cells, 1 of them there already; 12 to compute, 2 at a time: about 30 s, 24 MB");
  sweep.options.jobs = 0;
  CHECK_THROWS_WITH_AS(sweep.run(cells(1), fake_run), "jobs must be at least 1, not 0",
                       std::invalid_argument);
}

}  // namespace sweep_test
