#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace data::tokenizers {

/// The merges of byte pair encoding (Sennrich et al. 2016).
class Bpe {
 public:
  /// The next merge, of a higher rank than all before it: `left` beside `right` becomes `merged`.
  /// Returns false, and adds nothing, where the pair has one already.
  bool add(int left, int right, int merged);

  /// Merges symbols until no two neighbours have a merge; the merge of the lowest rank comes first,
  /// and of equal ones the leftmost. In O(n log n): `taken`, if given, is raised by the number of
  /// pairs that were taken from the queue, at most 3n.
  std::vector<int> merge(const std::vector<int>& symbols, std::size_t* taken = nullptr) const;

 private:
  struct Merge {
    int rank, merged;
  };
  const Merge* find(int left, int right) const;

  std::unordered_map<std::uint64_t, Merge> merges_;  // by both ids of the pair
};

}  // namespace data::tokenizers
