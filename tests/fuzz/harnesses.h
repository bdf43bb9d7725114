#pragma once

#include <span>
#include <string_view>

/// What a fuzzer throws at the readers of the project, one harness a reader. A harness returns
/// where the bytes were refused by an exception that the reader promises, or accepted and then
/// survived being written and read again; it aborts where they did not. Sanitizers see the rest.
struct Harness {
  const char* name;  ///< of its folder of seeds
  void (*run)(std::string_view bytes);
};

std::span<const Harness> harnesses();
