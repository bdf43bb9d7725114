#include "experiments/cli/option_values.h"
#include "experiments/cli/pretrained.h"

namespace experiments::cli {

void add_pretrained_option(Command& command, std::filesystem::path& model) {
  command.option("--model", path_value(model),
                 "in place of a toy base: the folder of another library's model, with config.json "
                 "and model.safetensors");
}

void add_frozen_option(Command& command, std::string& frozen) {
  command.option("--frozen", one_of(frozen, "type", {"f32", "f16", "bf16"}),
                 "with --model: how its matrices are kept in memory; in 16 bits (f16 or bf16) they "
                 "take half as much, and are rounded where the file has more");
}

}  // namespace experiments::cli
