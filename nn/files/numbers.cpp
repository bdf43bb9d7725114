#include "nn/files/numbers.h"

#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>
#include <string>
#include <utility>
#include <version>

namespace nn {

std::optional<long> read_whole(std::string_view text) {
  long value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

#ifdef __cpp_lib_to_chars
std::optional<double> read_number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}
#else  // libc++ before its version 20
std::optional<double> read_number(std::string_view text) {
  for (const auto& [name, value] : {std::pair<std::string_view, double>{"inf", HUGE_VAL},
                                    {"-inf", -HUGE_VAL},
                                    {"nan", NAN},
                                    {"-nan", -NAN}})
    if (text == name) return value;
  // A stream would pass over blanks, and take a plus sign.
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != text.npos || text[0] == '+')
    return std::nullopt;
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  double value = 0;
  stream >> value;
  if (stream.fail() || stream.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return value;
}
#endif

}  // namespace nn
