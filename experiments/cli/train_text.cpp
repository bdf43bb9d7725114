#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/cli/train_run.h"
#include "experiments/harness/bases.h"

namespace experiments::cli {

namespace {

std::string blocks_text(const Cell& cell) { return fmt::format("{}", fmt::join(cell.blocks, ",")); }

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

JsonObject to_json(const lora::Target& target) {
  JsonObject object;
  object.set("name", target.name);
  object.set("out", target.out);
  object.set("in", target.in);
  object.set("rank", target.spec.rank);
  object.set("alpha", target.spec.alpha);
  object.set("scale", lora::scale(target.spec.scaling, target.spec.alpha, target.spec.rank));
  object.set("parameters", target.parameters());
  return object;
}

void set_lora(const TrainRun& run, JsonObject& object) {
  const Cell& cell = run.cell;
  std::vector<JsonObject> projections;
  for (const lora::Target& target : targets_of(run)) projections.push_back(to_json(target));
  object.set("projections", projections);
  if (!cell.blocks.empty()) object.set_json("blocks", fmt::format("[{}]", blocks_text(cell)));
  object.set("scaling", cell.scaling);
  object.set("init", cell.init);
  object.set("dropout", cell.dropout);
  object.set("lr_ratio", cell.lr_ratio);
}

}  // namespace

std::string describe(const TrainRun& run) {
  const Cell& cell = run.cell;
  const std::string facts = cell.facts > 0 ? fmt::format(" with {} new facts", cell.facts) : "";
  std::string text =
      fmt::format("{}{}, seed {}, on the base of seed {} and {} steps{}\n", cell.task, facts,
                  cell.seed, run.base.seed, run.base.steps, shape_text(run.base.model));
  text += method_text(run);
  const std::string optimizer = cell.optimizer == "sgd" ? " of SGD with momentum 0.9" : "";
  return text + fmt::format("{} examples, {} steps of {}{}, learning rate {:g} ({})\n",
                            cell.examples, cell.steps, run.adapt.batch, optimizer, cell.lr,
                            run.lr_source);
}

JsonObject to_json(const TrainRun& run) {
  const Cell& cell = run.cell;
  JsonObject object;
  object.set("task", cell.task);
  object.set("method", cell.method);
  if (cell.size > 0) object.set("size", cell.size);
  if (cell.facts > 0) object.set("facts", cell.facts);
  if (has_lora(cell)) set_lora(run, object);
  object.set("trainable", trainable_count(run));
  object.set("seed", cell.seed);
  object.set("optimizer", cell.optimizer);
  object.set("lr", cell.lr);
  object.set("lr_source", run.lr_source);
  object.set("steps", cell.steps);
  object.set("examples", cell.examples);
  object.set("width", cell.width);
  object.set("depth", cell.depth);
  object.set_json("base", to_json(run.base));
  return object;
}

nn::Metadata labels(const TrainRun& run) {
  const Cell &cell = run.cell, usual;
  nn::Metadata m{{"task", cell.task},
                 {"method", cell.method},
                 {"seed", fmt::format("{}", cell.seed)},
                 {"lr", fmt::format("{}", cell.lr)},
                 {"steps", fmt::format("{}", cell.steps)},
                 {"examples", fmt::format("{}", cell.examples)},
                 {"base", to_json(run.base)}};
  if (cell.facts > 0) m["facts"] = fmt::format("{}", cell.facts);
  if (cell.size > 0) m["size"] = fmt::format("{}", cell.size);
  if (!cell.blocks.empty()) m["blocks"] = blocks_text(cell);
  if (cell.optimizer != usual.optimizer) m["optimizer"] = cell.optimizer;
  if (cell.lr_ratio != usual.lr_ratio) m["lr_ratio"] = fmt::format("{}", cell.lr_ratio);
  return m;
}

}  // namespace experiments::cli
