#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/training/cell.h"
#include "lora/methods/method.h"
#include "nn/files/json.h"

namespace experiments {

void check_cell(const Cell& cell) {
  const auto refuse = [&](const std::string& what) {
    throw std::invalid_argument(fmt::format("{} (cell: {})", what, nn::plain(cell.key())));
  };
  const auto one_of = [&](const char* what, const std::string& value, auto... valid) {
    if (((value != valid) && ...))
      refuse(fmt::format("unknown {} {}; valid: {}", what, nn::printable(value),
                         fmt::join(std::vector<std::string>{valid...}, ", ")));
  };
  if (cell.task.empty()) refuse("a cell needs a task");
  one_of("base", cell.base, "pretrained", "random");
  one_of("optimizer", cell.optimizer, "adamw", "sgd");
  if (cell.width < 1) refuse(fmt::format("width {} is below 1", cell.width));
  const auto methods = lora::all_methods();
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const lora::Method* m) { return cell.method == m->name; });
  const bool is_known = found != methods.end();
  if (!is_known && cell.method != "frozen" && cell.method != "subspace") {
    std::string names = "frozen";
    for (const lora::Method* m : methods) names += fmt::format(", {}", m->name);
    refuse(
        fmt::format("unknown method {}; valid: {}, subspace", nn::printable(cell.method), names));
  }
  const bool has_lora = is_known && (*found)->has_lora;
  const char* size_is = is_known                    ? (*found)->size_is
                        : cell.method == "subspace" ? "dimensions"
                                                    : nullptr;
  if (size_is && cell.size < 1)
    refuse(fmt::format("size {} ({} of {}) is below 1", cell.size, size_is, cell.method));
  if (!size_is && cell.size != 0)
    refuse(fmt::format("{} has no size, but {} is given", cell.method, cell.size));
  if (has_lora) {
    if (cell.targets.empty()) refuse("LoRA needs at least one target");
    if (cell.rank < 1) refuse(fmt::format("rank {} is below 1", cell.rank));
    one_of("scaling", cell.scaling, "alpha/r", "alpha/sqrt(r)");
    one_of("initialisation", cell.init, "gaussian", "kaiming-uniform");
    if (!(cell.dropout >= 0 && cell.dropout < 1))
      refuse(fmt::format("dropout {} is not in [0, 1)", cell.dropout));
  } else if (!cell.targets.empty() || cell.rank != 0 || cell.dropout != 0) {
    refuse(fmt::format("only LoRA has targets, a rank and dropout, not {}", cell.method));
  }
}

}  // namespace experiments
