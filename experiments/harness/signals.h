#pragma once

#include <atomic>
#include <csignal>
#include <functional>

#include "experiments/namespaces.h"

namespace experiments::harness {

/// While it lives, the first SIGINT or SIGTERM is only noted, so that work can stop where nothing
/// is lost; the second has its usual effect and ends the process. A signal that the process was
/// started to ignore stays ignored.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  int received() const;  ///< the signal's number, 0 while there was none

 private:
  struct sigaction old_interrupt_, old_terminate_;
};

/// Calls work(stop) and sets `stop` once a signal comes; what the work throws comes out here.
void stopped_by_signals(const std::function<void(const std::atomic<bool>& stop)>& work);

}  // namespace experiments::harness
