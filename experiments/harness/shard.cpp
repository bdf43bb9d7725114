#include "experiments/harness/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "experiments/harness/cell_cost.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"

namespace experiments::harness {

std::string Shard::text() const { return fmt::format("shard {} of {}", number, count); }

std::string Shard::file_name() const { return fmt::format("{}-of-{}", number, count); }

Shard parse_shard(const std::string& text) {
  constexpr long most = 9999;
  const std::size_t slash = text.find('/');
  const auto number = nn::read_whole(text.substr(0, slash));
  const auto count =
      slash == std::string::npos ? std::nullopt : nn::read_whole(text.substr(slash + 1));
  if (!number || !count || *number < 1 || *count < 1 || *count > most)
    throw std::invalid_argument(fmt::format(
        "--shard {}: K/N is wanted, as 3/8, with N of at most {}", nn::plain(text), most));
  if (*number > *count)
    throw std::invalid_argument(
        fmt::format("--shard {}: there is no part {} of {}", text, *number, *count));
  return {static_cast<int>(*number), static_cast<int>(*count)};
}

Dealer::Dealer(Shard mine) : mine_(mine), loads_(static_cast<std::size_t>(mine.count)) {}

std::vector<bool> Dealer::deal(const std::vector<Piece>& pieces) {
  // Whole milliseconds: the last bits of a sum may be others on another processor.
  const auto cost = [&](std::size_t i) { return std::lround(1e3 * pieces[i].seconds); };
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(-cost(a), pieces[a].key) < std::tuple(-cost(b), pieces[b].key);
  });
  std::vector<bool> is_mine(pieces.size());
  for (const std::size_t i : order) {
    const auto least = std::min_element(loads_.begin(), loads_.end());
    *least += cost(i);
    is_mine[i] = least - loads_.begin() == mine_.number - 1;
  }
  return is_mine;
}

Dealer::Dealt Dealer::deal(const std::string& sweep, const std::vector<Cell>& cells,
                           Sharing sharing) {
  std::vector<Piece> pieces;
  std::vector<Cell> new_cells;
  for (const Cell& cell : cells) {
    const std::string key = cell.key();
    if (sharing == Sharing::gives_and_takes && shared_.contains(key)) continue;
    if (!dealt_[sweep].insert(key).second) continue;
    pieces.push_back({key, expected_seconds(cell)});
    new_cells.push_back(cell);
  }
  if (sharing != Sharing::apart)
    for (const Piece& piece : pieces) shared_.insert(piece.key);
  const std::vector<bool> is_mine = deal(pieces);
  Dealt dealt{{}, new_cells.size()};
  for (std::size_t i = 0; i < new_cells.size(); ++i)
    if (is_mine[i]) dealt.mine.push_back(new_cells[i]);
  return dealt;
}

}  // namespace experiments::harness
