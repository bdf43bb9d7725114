#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace data {

enum class Split { train, validation, test };
inline constexpr Split all_splits[] = {Split::train, Split::validation, Split::test};

std::string_view to_string(Split split);

/// One sequence of token ids. The targets are what the model has to say:
/// tokens[first_target .. first_target + target_count); what stands before them is the prompt.
struct Example {
  std::vector<int> tokens;
  int first_target = 0;
  int target_count = 0;
  std::uint64_t meaning = 0;  ///< what the example says, whichever way it is written; see split_of

  std::span<const int> prompt() const {
    return std::span(tokens).first(static_cast<std::size_t>(first_target));
  }
  std::span<const int> answer() const {
    return std::span(tokens).subspan(static_cast<std::size_t>(first_target),
                                     static_cast<std::size_t>(target_count));
  }
};

/// The split that a meaning belongs to in the task of this name: 70 % of all meanings are for
/// training, 15 % for validation and 15 % for the test, by a hash. Two ways of writing the same
/// thing fall into the same split, so no test example is a training example in other words.
Split split_of(std::string_view task, std::uint64_t meaning);

/// Whether a meaning may be drawn for a split; without a split (pre-training) every one may.
inline bool belongs(std::optional<Split> split, std::string_view task, std::uint64_t meaning) {
  return !split || split_of(task, meaning) == *split;
}

}  // namespace data
