#include "experiments/harness/signals.h"

#include <chrono>
#include <future>

namespace experiments::harness {

// A signal handler reaches nothing but a static; lock-free, as it must be there.
static std::atomic<int> received_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

// A signal that whoever started the process told it to ignore stays ignored: a shell does so with
// SIGINT for what a script runs in the background, which Ctrl-C on the script is not meant for.
static void note(int signal, struct sigaction& old) {
  struct sigaction action {};
  action.sa_handler = [](int number) { received_signal = number; };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, nullptr, &old);
  if (old.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
}

SignalWatch::SignalWatch() : old_interrupt_{}, old_terminate_{} {
  received_signal = 0;
  note(SIGINT, old_interrupt_);
  note(SIGTERM, old_terminate_);
}

SignalWatch::~SignalWatch() {
  ::sigaction(SIGINT, &old_interrupt_, nullptr);
  ::sigaction(SIGTERM, &old_terminate_, nullptr);
}

int SignalWatch::received() const { return received_signal; }

void stopped_by_signals(const std::function<void(const std::atomic<bool>& stop)>& work) {
  const SignalWatch watch;
  std::atomic<bool> stop = false;
  std::future<void> done = std::async(std::launch::async, [&] { work(stop); });
  while (done.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready)
    if (watch.received() != 0) stop = true;
  done.get();
}

}  // namespace experiments::harness
