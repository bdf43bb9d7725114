#pragma once

#include <exception>
#include <string>

namespace scores_test {

/// What an action says when it throws an Error, "accepted" where it does not.
template <class Error, class Action>
std::string refused(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace scores_test
