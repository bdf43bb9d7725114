#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "experiments/namespaces.h"

/// What the program says. A stream that fails must not cost the work behind it: a log on a full
/// disk, a terminal that went away, a reader that has seen enough. Nothing here throws; main asks
/// at the end whether all of standard output arrived.
namespace experiments::harness {

/// Gives a closed standard stream (some job runners start programs so) to /dev/null. The next file
/// that is opened would otherwise take its number, and get what is meant for the stream. A reader
/// that goes away is from now on a failed write and no signal. For main, before anything else.
void prepare_standard_streams();

/// What cannot be written is left out.
void write_text(std::FILE* stream, std::string_view text) noexcept;

template <class... Values>
void print_out(fmt::format_string<Values...> format, Values&&... values) {
  write_text(stdout, fmt::format(format, std::forward<Values>(values)...));
}

template <class... Values>
void print_err(fmt::format_string<Values...> format, Values&&... values) {
  write_text(stderr, fmt::format(format, std::forward<Values>(values)...));
}

/// How many columns a table on standard output may take: those of the terminal, at most 100, which
/// is also what a file or a pipe gets.
std::size_t columns_of_output() noexcept;

/// What was printed so far is on its way, as before long work.
void flush_out() noexcept;

/// Flushes standard output; the errno of its first failure since the start, 0 without one.
int error_of_output() noexcept;

}  // namespace experiments::harness
