// Read before every file that the course's check compiles, once for all of them. Sizes that do not
// fit in an expression of Eigen become an exception, which the check prints, and not the end of the
// program. A matrix that nobody wrote to holds NaN.
#pragma once

#include <stdexcept>
#include <string>

namespace course {
[[noreturn]] inline void sizes_do_not_fit(const char* condition) {
  const std::string text = condition;  // Eigen's word on it may follow behind an &&
  throw std::logic_error("sizes or indices in an expression do not fit: not " +
                         text.substr(0, text.find(" && \"")));
}
}  // namespace course

#define eigen_assert(x) (static_cast<bool>(x) ? void(0) : course::sizes_do_not_fit(#x))

#define EIGEN_INITIALIZE_MATRICES_BY_NAN

#include <fmt/format.h>

#include <Eigen/Core>
#include <vector>
