#include "experiments/harness/shard_run.h"

#include <fmt/format.h>

namespace experiments::harness {

std::vector<Cell> cells_of_shard(Dealer& dealer, const std::string& sweep,
                                 const std::vector<Cell>& cells, Sharing sharing,
                                 const Bases& bases, Progress& progress) {
  const Dealer::Dealt dealt = dealer.deal(sweep, cells, sharing);
  require_bases(dealt.mine, bases);
  progress.message(fmt::format("{}: {} of {} cells of {}", dealer.shard().text(), dealt.mine.size(),
                               dealt.of, sweep));
  return dealt.mine;
}

void require_bases(const std::vector<Cell>& cells, const Bases& bases) {
  for (const Cell& cell : cells)
    if (!bases.is_made(cell))
      throw NotReady(
          fmt::format("the base of seed {}, width {}, is not there; make it first, with the same "
                      "command and --only-base instead of --shard",
                      cell.base_seed, cell.width));
}

void leave_with_bases(const std::string& sweep, const std::vector<Cell>& cells, Bases& bases,
                      int jobs) {
  bases.prepare(cells, jobs);
  throw PartDone{fmt::format("what the shards of {} need is there", sweep)};
}

PartDone done(const Shard& shard, const std::filesystem::path& folder) {
  return {
      fmt::format("{} is done; its cells are in {}", shard.text(), (folder / "parts").string())};
}

}  // namespace experiments::harness
