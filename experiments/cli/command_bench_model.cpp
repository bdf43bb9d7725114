#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/pretrained.h"

namespace experiments::cli {

Command bench_model_command() {
  auto given = std::make_shared<PretrainedBench>();
  Command command("model", "time another library's model: opening it, a step, decoding");
  command.required("--model", path_value(given->model),
                   "a folder with config.json and model.safetensors");
  command.option("--tokens", whole(given->tokens, 0, 100'000), "that are decoded at most");
  command.flag("--random", given->random,
               "draw the weights: of the folder config.json alone is read");
  add_frozen_option(command, given->frozen);
  const auto read_targets = [given](const std::string& option, const std::string& text) {
    given->targets = split_unlike(option, text);
  };
  command.option("--targets", {"LIST", read_targets, ""},
                 "of LoRA in the step (default: every projection); q, k and v are those of GPT-2 "
                 "too");
  command.option("--batch", whole(given->rows, 1, 100'000), "rows of the step");
  command.option("--length", whole(given->length, 1, 1'000'000),
                 "positions of a row (default: 128, or as many as the model has)");
  add_json_option(command, given->json);
  command.action([given](const Command&) { return bench_pretrained(*given); });
  return command;
}

}  // namespace experiments::cli
