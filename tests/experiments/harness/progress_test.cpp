#include "experiments/harness/progress.h"

#include <doctest/doctest.h>

#include "tests/experiments/fake_cells.h"

namespace progress_test {

using namespace experiments::harness;

namespace {

SweepState half_way() {
  return {.done = 12,
          .total = 48,
          .cost_done = 10,
          .seconds_done = 40,
          .cost_left = 30,
          .jobs = 2,
          .elapsed = 20.4};
}

/// What a Progress with these settings writes.
template <class Use>
std::string written(bool terminal, const Use& use) {
  TemporaryFolder folder;
  std::FILE* file = std::fopen((folder / "out").c_str(), "w");
  Progress progress(file, terminal, 15);
  use(progress);
  std::fclose(file);
  return fake::read(folder / "out");
}

}  // namespace

TEST_CASE("durations read as a person says them") {
  CHECK(duration_text(-1) == "0 s");
  CHECK(duration_text(59.4) == "59 s");
  CHECK(duration_text(59.6) == "1 min 0 s");
  CHECK(duration_text(100) == "1 min 40 s");
  CHECK(duration_text(3720) == "1 h 2 min");
}

TEST_CASE("the estimate weighs what is left by its cost") {
  // 4 seconds a unit were measured, 30 units are left, two cells run at a time.
  CHECK(remaining_seconds(half_way()) == 60);
  SweepState state = half_way();
  state.cost_left = 90;
  CHECK(remaining_seconds(state) == 180);
  state.cost_done = 0;
  CHECK(remaining_seconds(state) < 0);
  state.cost_left = 0;
  CHECK(remaining_seconds(state) == 0);
}

TEST_CASE("the progress text") {
  CHECK(progress_text(half_way(), true) ==
        "[#####---------------] 12/48 cells, 20 s, about 1 min 0 s left");
  CHECK(progress_text(half_way(), false) == "12/48 cells, 20 s, about 1 min 0 s left");
  SweepState end = half_way();
  end.done = 48;
  end.cost_left = 0;
  CHECK(progress_text(end, true) == "[####################] 48/48 cells, 20 s");
  CHECK(progress_text({.total = 7}, false) == "0/7 cells, 0 s");
}

TEST_CASE("on a terminal the bar is redrawn in place and messages stay whole") {
  const std::string text = written(true, [](Progress& progress) {
    progress.show(half_way());
    progress.message("a word");
    SweepState end = half_way();
    end.done = 48;
    end.cost_left = 0;
    progress.finish(end);
  });
  const std::string bar = progress_text(half_way(), true);
  CHECK(text == "\r" + bar + "\r" + std::string(bar.size(), ' ') +
                    "\ra word\n[####################] 48/48 cells, 20 s\n");
}

TEST_CASE("elsewhere there is a plain line from time to time") {
  const std::string text = written(false, [](Progress& progress) {
    for (int second = 0; second < 40; ++second) {
      progress.show({.done = second, .total = 50, .elapsed = static_cast<double>(second)});
    }
  });
  CHECK(text == "15/50 cells, 15 s\n30/50 cells, 30 s\n");
}

}  // namespace progress_test
