#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/model_options.h"
#include "experiments/cli/pretrained.h"

namespace experiments::cli {

namespace {

struct ExportOptions {
  ModelOptions model;
  std::filesystem::path out;
};

}  // namespace

Command export_command() {
  Command command("export",
                  "write a toy base, and an adapter of it, as a GPT-2 for other programs");
  auto given = std::make_shared<ExportOptions>();
  add_model_options(command, given->model, BareBase::taken);
  command.required(
      "--out", path_value(given->out),
      "a folder to write: config.json, model.safetensors, and adapter/ where there is one");
  command.action([given](const Command& command) {
    return export_gpt2({model_source(command, given->model), given->out});
  });
  return command;
}

}  // namespace experiments::cli
