#pragma once

#include "experiments/harness/bases.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/shard.h"

/// What a shard, and the process that makes what all shards need, do otherwise than a whole run.
namespace experiments::harness {

/// The cells of a sweep that are this shard's, which says so. Throws NotReady where a base of
/// theirs is not made yet: each shard would make the same.
std::vector<Cell> cells_of_shard(Dealer& dealer, const std::string& sweep,
                                 const std::vector<Cell>& cells, Sharing sharing,
                                 const Bases& bases, Progress& progress);

/// Throws NotReady unless the bases of these cells are made.
void require_bases(const std::vector<Cell>& cells, const Bases& bases);

/// Makes the bases of these cells, `jobs` at a time, and throws PartDone.
[[noreturn]] void leave_with_bases(const std::string& sweep, const std::vector<Cell>& cells,
                                   Bases& bases, int jobs);

/// How a shard ends: "shard 3 of 8 is done; its cells are in results/table6/parts".
PartDone done(const Shard& shard, const std::filesystem::path& folder);

}  // namespace experiments::harness
