#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "experiments/harness/settings.h"

namespace experiments::harness {

/// How the bases of these settings are made, without the seed that a cell names; as to_json writes
/// it.
nlohmann::json base_of_all(const Settings& settings);

/// The finished cells of the other experiments in settings.out that a run with these options would
/// come to bit for bit: on the same base, scored on the test set, by the same build on the same
/// processor. By key; CellResult::experiment says whose each is. Of further measurements they keep
/// train_nll, which every training has. Nothing with Start::fresh. A folder that is damaged or not
/// readable is passed over.
std::map<std::string, CellResult> trained_by_others(const Settings& settings,
                                                    const std::string& experiment);

/// "24 of the cells were trained by others: 18 by table5, 6 by table6".
std::string reuse_text(const std::vector<CellResult>& reused);

}  // namespace experiments::harness
