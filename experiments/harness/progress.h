#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "experiments/namespaces.h"

namespace experiments::harness {

/// How far a sweep is. Cost is in the caller's units (expected seconds, steps, ...): only its
/// ratios matter, since the time per unit is measured on the cells that are done.
struct SweepState {
  int done = 0, total = 0;
  double cost_done = 0;     ///< of the cells computed in this run
  double seconds_done = 0;  ///< what these took, added up over the threads
  double cost_left = 0;     ///< of the cells not finished yet
  int jobs = 1;             ///< cells at a time
  double elapsed = 0;       ///< seconds since the start
  const char* unit = "cells";
  std::string note = {};  ///< said last, as "loss 0.43"
};

/// Seconds until the end, by the measured time per cost; negative while nothing is measured.
double remaining_seconds(const SweepState& state);

/// 7 -> "7 s", 100 -> "1 min 40 s", 3700 -> "1 h 2 min".
std::string duration_text(double seconds);

/// "[#####---------------]  12/48 cells, 1 min 40 s, about 3 min 5 s left"
std::string progress_text(const SweepState& state, bool with_bar);

/// Shows a sweep's state on a stream: on a terminal a bar that is redrawn in place, elsewhere a
/// plain line from time to time. Messages go between, each on its own line.
class Progress {
 public:
  explicit Progress(std::FILE* out = stderr);
  /// Says by itself whether `out` is a terminal, and how many seconds lie between plain lines.
  Progress(std::FILE* out, bool terminal, double seconds_between_lines);

  void show(const SweepState& state);
  void message(const std::string& line);
  void finish(const SweepState& state);  ///< the last state, and a line end

 private:
  std::FILE* out_;
  bool terminal_;
  double seconds_between_lines_;
  double last_line_ = 0;   // elapsed seconds at the last plain line
  std::size_t drawn_ = 0;  // characters of the bar on the screen
  void clear_bar();
};

/// The progress of one training on standard error, by its steps. The title is said with the first
/// of them: a training that cannot begin says only why.
class TrainingProgress {
 public:
  explicit TrainingProgress(std::string title);

  /// The steps done before this process, now, and in all; and what to say beside them.
  void step(long before, long done, long total, const std::string& note = "");
  void finish() { progress_.finish(state_); }

 private:
  std::string title_;
  Progress progress_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  SweepState state_;
};

}  // namespace experiments::harness
