#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/cli/train_run.h"
#include "experiments/harness/bases.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

bool has_lora(const Cell& cell) { return lora::method(cell.method).has_lora; }

std::string lora_text(const TrainRun& run) {
  const Cell& cell = run.cell;
  std::string text = lora::describe(targets_of(run)) +
                     fmt::format("A starts {}, B at zero; dropout {:g}\n", cell.init, cell.dropout);
  if (cell.lr_ratio != 1)
    text += fmt::format("B learns with {:g} times the rate of A\n", cell.lr_ratio);
  return text;
}

std::string method_text(const TrainRun& run) {
  const Cell& cell = run.cell;
  if (cell.method == "full")
    return fmt::format("full fine-tuning, {} trainable parameters\n", trainable_count(run));
  std::string text = has_lora(cell) ? lora_text(run) : "";
  if (cell.method == "lora") return text;
  const lora::Method& method = lora::method(cell.method);
  const std::string size = method.size_is ? fmt::format(", {} {}", method.size_is, cell.size) : "";
  return text + fmt::format("{}{}: {} = {} trainable parameters\n", method.name, size,
                            method.formula, trainable_count(run));
}

nn::Json target_json(const lora::Target& target) {
  const double scale = lora::scale(target.spec.scaling, target.spec.alpha, target.spec.rank);
  return {{"name", target.name},
          {"out", target.out},
          {"in", target.in},
          {"rank", target.spec.rank},
          {"alpha", nn::number_json(target.spec.alpha)},
          {"scale", nn::number_json(scale)},
          {"parameters", target.parameters()}};
}

void add_lora_json(const TrainRun& run, nn::Json& object) {
  const Cell& cell = run.cell;
  object["projections"] = nn::Json::array();
  for (const lora::Target& target : targets_of(run))
    object["projections"].push_back(target_json(target));
  if (!cell.blocks.empty()) object["blocks"] = cell.blocks;
  object["scaling"] = cell.scaling;
  object["init"] = cell.init;
  object["dropout"] = nn::number_json(cell.dropout);
  object["lr_ratio"] = nn::number_json(cell.lr_ratio);
}

}  // namespace

// ", of the data 3" where the parts of what the seed names have seeds of their own.
static std::string parts_of_seed(const Cell& cell) {
  std::string text;
  if (cell.init_seed != 0) text += fmt::format(", of the initialisation {}", cell.init_seed);
  if (cell.data_seed != 0) text += fmt::format(", of the data {}", cell.data_seed);
  return text;
}

std::string describe(const TrainRun& run) {
  const Cell& cell = run.cell;
  const std::string facts = cell.facts > 0 ? fmt::format(" with {} new facts", cell.facts) : "";
  std::string text = fmt::format("{}{}, seed {}{}, on the base of seed {} and {} steps{}\n",
                                 cell.task, facts, cell.seed, parts_of_seed(cell), run.base.seed,
                                 run.base.steps, shape_text(run.base));
  text += method_text(run);
  const std::string optimizer = cell.optimizer == "sgd" ? " of SGD with momentum 0.9" : "";
  const std::string permuted = cell.labels == "true" ? "" : " with permuted labels";
  return text + fmt::format("{} examples{}, {} steps of {}{}, learning rate {:g} ({})\n",
                            cell.examples, permuted, cell.steps, run.adapt.batch, optimizer,
                            cell.lr, run.lr_source);
}

nn::Json to_json(const TrainRun& run) {
  const Cell& cell = run.cell;
  nn::Json object{{"task", cell.task}, {"method", cell.method}};
  if (cell.size > 0) object["size"] = cell.size;
  if (cell.facts > 0) object["facts"] = cell.facts;
  if (has_lora(cell)) add_lora_json(run, object);
  object["trainable"] = trainable_count(run);
  object["seed"] = cell.seed;
  if (cell.init_seed != 0) object["init_seed"] = cell.init_seed;
  if (cell.data_seed != 0) object["data_seed"] = cell.data_seed;
  object["optimizer"] = cell.optimizer;
  object["lr"] = nn::number_json(cell.lr);
  object["lr_source"] = run.lr_source;
  object["steps"] = cell.steps;
  object["examples"] = cell.examples;
  if (cell.labels != Cell().labels) object["labels"] = cell.labels;
  object["width"] = cell.width;
  object["depth"] = cell.depth;
  object["base"] = nn::parse_json(to_json(run.base));
  return object;
}

}  // namespace experiments::cli
