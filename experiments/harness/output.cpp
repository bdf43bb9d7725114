#include "experiments/harness/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <iostream>

namespace experiments::harness {

// Belongs to stdout, of which a process has one; the stream itself remembers that it failed, but
// not why.
static std::atomic<int> first_error = 0;

static void note_error(std::FILE* stream) noexcept {
  int none = 0;
  if (stream == stdout) first_error.compare_exchange_strong(none, errno == 0 ? EIO : errno);
}

void prepare_standard_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor)
    if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF && ::open("/dev/null", O_RDWR) < 0)
      return;  // the lowest free number is taken; without /dev/null there is nothing to give
  std::signal(SIGPIPE, SIG_IGN);
}

void write_text(std::FILE* stream, std::string_view text) noexcept {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stream) != text.size()) note_error(stream);
}

std::size_t columns_of_output() noexcept {
  constexpr std::size_t most = 100, fewest = 40;
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return most;
  return std::clamp<std::size_t>(window.ws_col, fewest, most);
}

void flush_out() noexcept {
  errno = 0;
  if (std::fflush(stdout) != 0) note_error(stdout);
}

int error_of_output() noexcept {
  flush_out();
  errno = 0;
  std::cout.flush();  // what Google Benchmark prints through
  if (first_error == 0 && (std::ferror(stdout) || !std::cout)) return errno == EPIPE ? EPIPE : EIO;
  return first_error;
}

}  // namespace experiments::harness
