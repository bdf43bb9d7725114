#include <doctest/doctest.h>

#include <map>
#include <utility>

#include "autograd/random.h"
#include "data/tokenizers/bpe.h"

namespace bpe_test {

using data::tokenizers::Bpe;
using Pair = std::pair<int, int>;

/// Merges in the order of their ranks, with what each makes.
using Merges = std::vector<std::pair<Pair, int>>;

Bpe bpe_of(const Merges& merges) {
  Bpe bpe;
  for (const auto& [pair, merged] : merges) bpe.add(pair.first, pair.second, merged);
  return bpe;
}

/// As the definition says it: look at all pairs, merge the best, begin again. `looked` counts the
/// pairs.
std::vector<int> textbook(std::vector<int> symbols, const Merges& merges,
                          std::size_t* looked = nullptr) {
  std::map<Pair, std::size_t> ranks;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) ranks[merges[rank].first] = rank;
  for (;;) {
    std::size_t best = merges.size(), place = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      if (looked != nullptr) ++*looked;
      const auto found = ranks.find({symbols[i], symbols[i + 1]});
      if (found != ranks.end() && found->second < best) best = found->second, place = i;
    }
    if (best == merges.size()) return symbols;
    symbols[place] = merges[best].second;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

/// Merges of symbols below `letters` and of what earlier merges made. Any order of ranks is
/// possible, also one in which a merge makes room for a better one.
Merges random_merges(autograd::Random& random, int letters, int count) {
  Merges merges;
  std::map<Pair, int> known;
  for (int made = letters; static_cast<int>(merges.size()) < count; ++made) {
    const auto symbol = [&] { return static_cast<int>(random.below(static_cast<unsigned>(made))); };
    const Pair pair{symbol(), symbol()};
    if (known.try_emplace(pair, made).second) merges.emplace_back(pair, made);
  }
  for (std::size_t i = merges.size(); i > 1; --i) std::swap(merges[i - 1], merges[random.below(i)]);
  return merges;
}

std::vector<int> random_symbols(autograd::Random& random, int letters, std::size_t count) {
  std::vector<int> symbols;
  for (std::size_t i = 0; i < count; ++i)
    symbols.push_back(static_cast<int>(random.below(static_cast<unsigned>(letters))));
  return symbols;
}

TEST_CASE("the queue merges what the textbook merges") {
  int differ = 0;
  for (int trial = 0; trial < 300; ++trial) {
    autograd::Random random(static_cast<std::uint64_t>(trial), "merges");
    const Merges merges = random_merges(random, 3, 12);
    const std::vector<int> symbols = random_symbols(random, 3, random.below(60));
    const std::vector<int> merged = bpe_of(merges).merge(symbols);
    CAPTURE(trial);
    CHECK(merged == textbook(symbols, merges));
    // The control: two ranks exchanged.
    Merges wrong = merges;
    std::swap(wrong.front(), wrong.back());
    differ += bpe_of(wrong).merge(symbols) != merged;
  }
  CHECK(differ > 30);
}

TEST_CASE("a pair has one merge, and nothing and one symbol have none") {
  Bpe bpe;
  CHECK(bpe.add(0, 1, 2));
  CHECK_FALSE(bpe.add(0, 1, 3));
  CHECK(bpe.merge({}).empty());
  CHECK(bpe.merge({0}) == std::vector<int>{0});
  CHECK(bpe.merge({0, 1}) == std::vector<int>{2});
  CHECK(bpe.merge({1, 0}) == std::vector<int>{1, 0});
}

/// aa, aaaa, aaaaaaaa, ...
Merges doublings(int count) {
  Merges merges;
  for (int i = 0; i < count; ++i) merges.push_back({{i, i}, i + 1});
  return merges;
}

// Not in seconds: a machine may be busy.
TEST_CASE("merging n symbols takes at most 3n steps") {
  const std::size_t n = 1 << 20;
  std::size_t taken = 0;
  CHECK(bpe_of(doublings(20)).merge(std::vector<int>(n, 0), &taken) == std::vector<int>{20});
  CHECK(taken >= n - 1);
  CHECK(taken <= 3 * n);
  taken = 0;
  autograd::Random random(1, "merges");
  const std::vector<int> symbols = random_symbols(random, 3, n);
  CHECK(bpe_of(random_merges(random, 3, 200)).merge(symbols, &taken).size() < n);
  CHECK(taken <= 3 * n);
  // The control: the textbook's loop looks at a number of pairs that grows with the square.
  std::size_t few = 0, many = 0;
  textbook(std::vector<int>(256, 0), doublings(8), &few);
  textbook(std::vector<int>(1024, 0), doublings(10), &many);
  CHECK(many > 15 * few);
  CHECK(many > 3 * 1024);
}

}  // namespace bpe_test
