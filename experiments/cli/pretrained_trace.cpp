#include <fmt/format.h>

#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "nn/files/file.h"
#include "nn/models/step.h"

namespace experiments::cli {

// What a reader compares first: the loss, the states' and the gradients' sizes.
static std::string summary(const std::map<std::string, nn::Tensor>& values) {
  std::string text;
  for (const auto& [name, tensor] : values)
    text += fmt::format("  {:<64} {:<14} {:.6g}\n", name, tensor.shape.str(),
                        name == "loss" ? static_cast<double>(tensor.m(0, 0))
                                       : static_cast<double>(tensor.m.norm()));
  return text;
}

int trace_pretrained(const PretrainedTrace& given) {
  check_out(given.out, 0);
  const nn::LabelledInputs inputs = nn::read_inputs(given.inputs);
  const nn::ModelFolder folder(given.model);
  const auto [model, adapter, labels] =
      load_pretrained(folder, given.adapter, {.frozen = nn::parse_frozen(given.frozen)});
  const auto values = given.adapter.empty() ? nn::checkpoint_step(*model, inputs)
                                            : lora::adapted_step(*model, inputs, adapter);

  nn::SafetensorsWriter file;
  file.metadata = {{"format", "pt"}, {"model_type", folder.model_type()}};
  for (const auto& [name, tensor] : values) file.add(name, tensor);
  nn::create_folders(given.out.parent_path());
  file.write(given.out);
  print_out(
      "{}\n{} rows of {} positions. Each tensor with its shape and norm, the loss itself:\n{}",
      about(folder, *model), inputs.inputs.B, inputs.inputs.T, summary(values));
  print_out("written to {}\n", given.out.string());
  return 0;
}

}  // namespace experiments::cli
