#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "nn/files/file.h"
#include "tests/fuzz/harnesses.h"

namespace replay_test {

namespace fs = std::filesystem;

// What fuzzers begin with, and every input that ever failed, in every build.
TEST_CASE("the seeds of the fuzzers, whole and cut, are read or refused") {
  for (const Harness& harness : harnesses()) {
    CAPTURE(harness.name);
    std::vector<fs::path> seeds;
    for (const auto& file :
         fs::directory_iterator(fs::path(LOWRANK_SOURCE_DIR) / "tests/fuzz/seeds" / harness.name))
      seeds.push_back(file.path());
    std::sort(seeds.begin(), seeds.end());
    CHECK(seeds.size() >= 2);
    for (const fs::path& seed : seeds) {
      CAPTURE(seed);
      const std::string bytes = nn::read_file(seed);
      const std::size_t step = std::max<std::size_t>(1, bytes.size() / 100);
      for (std::size_t length = 0; length <= bytes.size(); length += step)
        harness.run(std::string_view(bytes).substr(0, length));
      harness.run(bytes);
      for (std::size_t i = 0; i < bytes.size(); i += step) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        harness.run(changed);
      }
    }
  }
}

}  // namespace replay_test
