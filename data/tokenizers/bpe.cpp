#include "data/tokenizers/bpe.h"

#include <functional>
#include <queue>
#include <tuple>

namespace data::tokenizers {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// A symbol in a list that is linked both ways. One that went into the symbol on its left has no
/// id.
struct Link {
  int id;
  std::size_t left, right;
};

/// Two neighbours that could be merged when they were found.
struct Candidate {
  int rank;
  std::size_t place;  // of the left one
  int left, right, merged;

  bool operator>(const Candidate& other) const {
    return std::tie(rank, place) > std::tie(other.rank, other.place);
  }
};

constexpr int gone = -1;

std::uint64_t key(int left, int right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

bool Bpe::add(int left, int right, int merged) {
  const int rank = static_cast<int>(merges_.size());
  return merges_.try_emplace(key(left, right), Merge{rank, merged}).second;
}

const Bpe::Merge* Bpe::find(int left, int right) const {
  const auto found = merges_.find(key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

// A merge changes two neighbourhoods and no more. So the pairs that can be merged wait in a queue,
// those that a merge makes join it, and one whose symbols have changed meanwhile is dropped when
// its turn comes. n symbols bring at most n - 1 pairs, and each of at most n - 1 merges two more.
std::vector<int> Bpe::merge(const std::vector<int>& symbols, std::size_t* taken) const {
  std::vector<Link> links;
  for (std::size_t i = 0; i < symbols.size(); ++i)
    links.push_back({symbols[i], i == 0 ? none : i - 1, i + 1 < symbols.size() ? i + 1 : none});

  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::size_t place) {
    if (place == none || links[place].right == none) return;
    const int left = links[place].id, right = links[links[place].right].id;
    if (const Merge* merge = find(left, right))
      queue.push({merge->rank, place, left, right, merge->merged});
  };
  for (std::size_t i = 0; i + 1 < links.size(); ++i) consider(i);

  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    if (taken != nullptr) ++*taken;
    Link& link = links[best.place];
    if (link.id != best.left || link.right == none || links[link.right].id != best.right) continue;
    links[link.right].id = gone;
    link.id = best.merged;
    link.right = links[link.right].right;
    if (link.right != none) links[link.right].left = best.place;
    consider(link.left);
    consider(best.place);
  }

  std::vector<int> merged;
  for (const Link& link : links)
    if (link.id != gone) merged.push_back(link.id);
  return merged;
}

}  // namespace data::tokenizers
