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

// Gradients are called as checkpoints call their tensors, or adapters theirs.
static std::map<std::string, nn::Tensor> step_of(nn::Pretrained& model,
                                                 const lora::PeftConfig& adapter,
                                                 const nn::LabelledInputs& inputs, bool adapted) {
  auto values = nn::step_values(model, inputs, [&](const nn::Pass& pass, nn::Var loss) {
    return lora::whole_loss(pass, model, adapter, loss);
  });
  if (!values.contains("loss")) return values;
  for (auto& [name, gradient] :
       adapted ? lora::by_peft_keys(model, lora::Of::gradients) : nn::stored_gradients(model))
    values["grad." + name] = std::move(gradient);
  return values;
}

int trace_pretrained(const PretrainedTrace& given) {
  check_out(given.out, 0);
  const nn::LabelledInputs inputs = nn::read_inputs(given.inputs);
  const nn::ModelFolder folder(given.model);
  const auto [model, adapter] = load_pretrained(folder, given.adapter);
  const auto values = step_of(*model, adapter, inputs, !given.adapter.empty());

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
