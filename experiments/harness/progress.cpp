#include "experiments/harness/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "experiments/harness/output.h"

namespace experiments::harness {

double remaining_seconds(const SweepState& state) {
  if (state.cost_left <= 0) return 0;
  if (state.cost_done <= 0) return -1;
  return state.cost_left * state.seconds_done / state.cost_done / std::max(1, state.jobs);
}

std::string duration_text(double seconds) {
  constexpr double longest = 1e9;  // 30 years: what a file says may be no number of seconds
  const long s = std::lround(std::clamp(std::isnan(seconds) ? 0.0 : seconds, 0.0, longest));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

std::string progress_text(const SweepState& state, bool with_bar) {
  std::string text;
  if (with_bar) {
    constexpr int width = 20;
    const int filled = state.total > 0 ? width * state.done / state.total : width;
    text = fmt::format("[{:#<{}}{:-<{}}] ", "", filled, "", width - filled);
  }
  text += fmt::format("{:>{}}/{} {}, {}", state.done, std::to_string(state.total).size(),
                      state.total, state.unit, duration_text(state.elapsed));
  const double left = remaining_seconds(state);
  if (left > 0 && state.done < state.total)
    text += fmt::format(", about {} left", duration_text(left));
  if (!state.note.empty()) text += ", " + state.note;
  return text;
}

Progress::Progress(std::FILE* out) : Progress(out, ::isatty(::fileno(out)) == 1, 15) {}

Progress::Progress(std::FILE* out, bool terminal, double seconds_between_lines)
    : out_(out), terminal_(terminal), seconds_between_lines_(seconds_between_lines) {}

void Progress::show(const SweepState& state) {
  if (terminal_) {
    const std::string text = progress_text(state, true);
    // Blanks cover what a longer line before left on the screen.
    write_text(out_, fmt::format("\r{:<{}}", text, drawn_));
    drawn_ = text.size();
  } else if (state.elapsed - last_line_ >= seconds_between_lines_) {
    write_text(out_, fmt::format("{}\n", progress_text(state, false)));
    last_line_ = state.elapsed;
  }
  std::fflush(out_);
}

void Progress::clear_bar() {
  if (drawn_ > 0) write_text(out_, fmt::format("\r{:<{}}\r", "", drawn_));
  drawn_ = 0;
}

void Progress::message(const std::string& line) {
  clear_bar();
  write_text(out_, fmt::format("{}\n", line));
  std::fflush(out_);
}

void Progress::finish(const SweepState& state) {
  clear_bar();
  message(progress_text(state, terminal_));
  last_line_ = 0;  // the next work counts its own seconds
}

TrainingProgress::TrainingProgress(std::string title) : title_(std::move(title)) {
  state_.unit = "steps";
}

void TrainingProgress::step(long before, long done, long total, const std::string& note) {
  constexpr long steps_between_shows = 20;
  if (state_.total == 0) progress_.message(title_);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  state_.done = static_cast<int>(done), state_.total = static_cast<int>(total);
  state_.note = note;
  state_.cost_done = static_cast<double>(done - before);
  state_.cost_left = static_cast<double>(total - done);
  state_.elapsed = state_.seconds_done = elapsed.count();
  if (done % steps_between_shows == 0 && done < total) progress_.show(state_);
}

}  // namespace experiments::harness
