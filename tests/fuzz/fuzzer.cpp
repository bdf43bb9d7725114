#include <cstdint>
#include <cstdlib>

#include "tests/fuzz/harnesses.h"

// The entry of libFuzzer, for the harness that LOWRANK_HARNESS names.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const Harness& harness : harnesses())
    if (std::string_view(harness.name) == LOWRANK_HARNESS) {
      harness.run({reinterpret_cast<const char*>(data), size});
      return 0;
    }
  std::abort();
}
