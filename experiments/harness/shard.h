#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/training/cell.h"

/// One command on several machines: each runs a part of its cells.
namespace experiments::harness {

/// Part `number` of `count`, from 1.
struct Shard {
  int number = 1, count = 1;

  std::string text() const;       ///< "shard 3 of 8"
  std::string file_name() const;  ///< "3-of-8"
};

/// "3/8". Throws std::invalid_argument that says what is valid.
Shard parse_shard(const std::string& text);

/// Something that all shards need and one process makes for them, as a base, is not there.
struct NotReady : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A process that was to do a part of an experiment has done it, and leaves before the tables. It
/// is no error, so it is no exception that others would catch as one.
struct PartDone {
  std::string text;  ///< what was done
};

/// Whether the cells of a sweep are the same runs as equal cells of other sweeps: not where it
/// trains in a way of its own (apart); then it takes what they have trained, unless it looks at its
/// models.
enum class Sharing { apart, gives, gives_and_takes };

/// Deals the work of one command to its shards. What comes out follows from the plans, their order
/// and N alone, never from what is finished: shards that start at different times deal alike.
class Dealer {
 public:
  explicit Dealer(Shard mine);
  const Shard& shard() const { return mine_; }

  /// Work that one shard does as a whole.
  struct Piece {
    std::string key;
    double seconds;  ///< expected
  };
  /// Of each piece, whether it is this shard's: the longest first, by key where two are equal, each
  /// to the shard with the least so far, of all that this object has dealt.
  std::vector<bool> deal(const std::vector<Piece>& pieces);

  struct Dealt {
    std::vector<Cell> mine;
    std::size_t of = 0;  ///< what all shards have together
  };
  /// The cells of a sweep that are this shard's, each once. What an earlier sweep of the command
  /// has dealt is nobody's, where this one shares its folder or takes its runs.
  Dealt deal(const std::string& sweep, const std::vector<Cell>& cells, Sharing sharing);

 private:
  Shard mine_;
  std::vector<long> loads_;  // of each shard, milliseconds
  std::set<std::string> shared_;
  std::map<std::string, std::set<std::string>> dealt_;  // the keys of each sweep
};

}  // namespace experiments::harness
