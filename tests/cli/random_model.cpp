#include <fmt/format.h>

#include "nn/models/model_folder.h"

// random_model DIR: DIR/config.json gets a DIR/model.safetensors of random numbers.
int main(int argc, char** argv) {
  if (argc != 2) return 1;
  const std::filesystem::path folder = argv[1];
  const auto model = nn::ModelFolder(folder).random(/*seed=*/1);
  std::map<std::string, const nn::Tensor*> values;
  model->visit("", [&](const std::string& name, nn::Parameter& p) { values[name] = &p.value; });
  nn::SafetensorsWriter file;
  file.metadata = {{"format", "pt"}};
  for (const auto& [name, tensor] : nn::as_stored(model->stored, values)) file.add(name, tensor);
  file.write(folder / "model.safetensors");
  return 0;
}
