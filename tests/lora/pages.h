#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string>

/// Whether a page of docs/ prints a text: a number that a test has computed.
inline bool prints(const std::string& page, const std::string& text) {
  std::ifstream in(LOWRANK_SOURCE_DIR "/docs/" + page);
  REQUIRE(in.good());
  std::ostringstream all;
  all << in.rdbuf();
  return all.str().find(text) != std::string::npos;
}

/// 4718592 as "4,718,592".
inline std::string grouped(long n) {
  if (n < 1000) return fmt::format("{}", n);
  return fmt::format("{},{:03}", grouped(n / 1000), n % 1000);
}
