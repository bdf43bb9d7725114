#include "experiments/signals.h"

#include <atomic>

namespace experiments {

// A signal handler reaches nothing but a static; lock-free, as it must be there.
static std::atomic<int> received_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

SignalWatch::SignalWatch() : old_interrupt_{}, old_terminate_{} {
  received_signal = 0;
  struct sigaction action {};
  action.sa_handler = [](int signal) { received_signal = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &old_interrupt_);
  ::sigaction(SIGTERM, &action, &old_terminate_);
}

SignalWatch::~SignalWatch() {
  ::sigaction(SIGINT, &old_interrupt_, nullptr);
  ::sigaction(SIGTERM, &old_terminate_, nullptr);
}

int SignalWatch::received() const { return received_signal; }

}  // namespace experiments
