#include "experiments/harness/shard.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "autograd/random.h"
#include "experiments/harness/search_rates.h"
#include "tests/experiments/fake_cells.h"

namespace shard_test {

using namespace experiments::harness;

namespace {

using Pieces = std::vector<Dealer::Piece>;

// How many seconds each of `count` shards has, and that each piece is one shard's.
std::vector<double> loads(const Pieces& pieces, int count) {
  std::vector<double> seconds;
  std::vector<int> owners(pieces.size());
  for (int k = 1; k <= count; ++k) {
    const std::vector<bool> is_mine = Dealer({k, count}).deal(pieces);
    seconds.push_back(0);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      owners[i] += is_mine[i];
      if (is_mine[i]) seconds.back() += pieces[i].seconds;
    }
  }
  CHECK(owners == std::vector<int>(pieces.size(), 1));
  return seconds;
}

double largest(const std::vector<double>& loads) {
  return *std::max_element(loads.begin(), loads.end());
}

// The least possible largest load, by trying all.
double best_of_all(const Pieces& pieces, std::vector<double> loads, std::size_t i = 0) {
  if (i == pieces.size()) return largest(loads);
  double best = 1e9;
  for (double& load : loads) {
    load += pieces[i].seconds;
    best = std::min(best, best_of_all(pieces, loads, i + 1));
    load -= pieces[i].seconds;
  }
  return best;
}

std::vector<Cell> cells_of(int from, int to) {
  std::vector<Cell> cells;
  for (int rank = from; rank <= to; ++rank) cells.push_back(fake::cell("nli", {"q"}, rank, 1));
  return cells;
}

std::vector<int> ranks(const Dealer::Dealt& dealt) {
  std::vector<int> ranks;
  for (const Cell& cell : dealt.mine) ranks.push_back(cell.rank);
  return ranks;
}

}  // namespace

TEST_CASE("a shard is K/N, and nothing else") {
  const Shard shard = parse_shard("3/8");
  CHECK((shard.number == 3 && shard.count == 8));
  CHECK(shard.text() == "shard 3 of 8");
  CHECK(parse_shard("1/1").count == 1);
  for (const char* wrong : {"", "3", "/", "3/", "/8", "0/8", "-1/8", "3/0", "3/8/1", "3/8x", " 3/8",
                            "3.0/8", "1/10000", "99999999999999999999/8"}) {
    CAPTURE(wrong);
    CHECK_THROWS_WITH_AS(parse_shard(wrong), doctest::Contains("K/N is wanted, as 3/8"),
                         std::invalid_argument);
  }
  CHECK_THROWS_WITH_AS(parse_shard("3/2"), "--shard 3/2: there is no part 3 of 2",
                       std::invalid_argument);
}

TEST_CASE("every piece is dealt to one shard, and the largest load is near the best") {
  nn::Random random(1, "pieces");
  for (const int count : {1, 2, 3}) {
    for (int trial = 0; trial < 20; ++trial) {
      Pieces pieces;
      for (int i = 0; i < 7; ++i)
        pieces.push_back({std::to_string(i), 0.1 + 10 * random.uniform()});
      const double best = best_of_all(pieces, std::vector<double>(static_cast<std::size_t>(count)));
      CHECK(largest(loads(pieces, count)) <= best * 4 / 3 + 0.01);
    }
  }
}

TEST_CASE("more shards than pieces leave some without") {
  const std::vector<double> seconds = loads({{"a", 1}, {"b", 1}, {"c", 2}}, 5);
  CHECK(seconds == std::vector<double>{2, 1, 1, 0, 0});
}

TEST_CASE("the order of a plan does not matter, and what is equally long goes by key") {
  const Pieces pieces{{"a", 1}, {"b", 3}, {"c", 1}, {"d", 1}};
  CHECK(Dealer({1, 2}).deal(pieces) == std::vector<bool>{false, true, false, false});
  CHECK(Dealer({2, 2}).deal(pieces) == std::vector<bool>{true, false, true, true});
  Pieces turned(pieces.rbegin(), pieces.rend());
  CHECK(Dealer({1, 2}).deal(turned) == std::vector<bool>{false, false, true, false});
  // The last bits of a time are no reason for another deal.
  CHECK(Dealer({1, 2}).deal({{"a", 1 + 1e-9}, {"b", 1}}) ==
        Dealer({1, 2}).deal({{"a", 1}, {"b", 1}}));
}

TEST_CASE("cells are dealt once each, in their order") {
  std::vector<Cell> cells = cells_of(1, 8);
  cells.push_back(cells.front());
  std::vector<int> all;
  for (int k = 1; k <= 3; ++k) {
    const auto dealt = Dealer({k, 3}).deal("table6", cells, Sharing::gives_and_takes);
    CHECK(dealt.of == 8);
    const std::vector<int> mine = ranks(dealt);
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("what an earlier sweep of the command deals, a later one leaves to it where it can") {
  Dealer dealer({1, 1});
  CHECK(ranks(dealer.deal("table5", cells_of(1, 3), Sharing::gives_and_takes)).size() == 3);
  // Another sweep takes them; one that looks at its models runs them, as one apart does.
  CHECK(ranks(dealer.deal("table6", cells_of(2, 4), Sharing::gives_and_takes)) ==
        std::vector<int>{4});
  CHECK(ranks(dealer.deal("adapters", cells_of(2, 4), Sharing::gives)) ==
        std::vector<int>{2, 3, 4});
  CHECK(ranks(dealer.deal("apart", cells_of(4, 6), Sharing::apart)) == std::vector<int>{4, 5, 6});
  // Of those apart nothing is taken, and a folder that two share is filled once.
  CHECK(ranks(dealer.deal("facts", cells_of(4, 6), Sharing::gives_and_takes)) ==
        std::vector<int>{5, 6});
  CHECK(ranks(dealer.deal("adapters", cells_of(3, 5), Sharing::gives)) == std::vector<int>{5});
}

TEST_CASE("the sweeps of a command are dealt as one") {
  // One cell each: not every time to the first shard.
  for (int k = 1; k <= 3; ++k) {
    Dealer dealer({k, 3});
    int mine = 0;
    for (int sweep = 1; sweep <= 6; ++sweep)
      mine += static_cast<int>(
          dealer.deal(std::to_string(sweep), cells_of(sweep, sweep), Sharing::apart).mine.size());
    CHECK(mine == 2);
  }
}

}  // namespace shard_test
