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
  command.option("--tokens", whole(given->tokens, 1, 100'000), "that are decoded at most");
  add_json_option(command, given->json);
  command.action([given](const Command&) { return bench_pretrained(*given); });
  return command;
}

}  // namespace experiments::cli
