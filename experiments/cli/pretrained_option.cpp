#include "experiments/cli/option_values.h"
#include "experiments/cli/pretrained.h"

namespace experiments::cli {

void add_pretrained_option(Command& command, std::filesystem::path& model) {
  command.option("--model", path_value(model),
                 "in place of a toy base: the folder of another library's model, with config.json "
                 "and model.safetensors");
}

}  // namespace experiments::cli
