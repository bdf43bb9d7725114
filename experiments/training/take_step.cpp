#include "experiments/training/take_step.h"

#include <fmt/format.h>

#include "nn/files/checkpoint.h"
#include "nn/files/file.h"
#include "nn/files/numbers.h"
#include "nn/files/safetensors.h"

namespace experiments::training {

namespace fs = std::filesystem;

double take_step(nn::Optimizer& optimizer, double lr, double clip,
                 const std::function<double()>& add_gradients) {
  optimizer.zero_grad();
  const double loss = add_gradients();
  nn::clip_gradients(optimizer.parameters(), clip);
  optimizer.step(lr);
  return loss;
}

void save_state(const fs::path& path, nn::Module& model, nn::Optimizer& optimizer,
                const TrainingState& at) {
  nn::SafetensorsWriter file;
  file.metadata = {{"steps_done", std::to_string(at.done)}};
  if (!at.run.empty()) file.metadata["run"] = at.run;
  if (!at.log.empty()) file.metadata["log"] = at.log;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (p.trainable) file.add(name, p.value);
  });
  optimizer.visit_state([&](const std::string& name, nn::Tensor& t) { file.add(name, t); });
  file.write(path);
}

static std::string text_at(const nn::SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? "" : found->second;
}

void check_state(const fs::path& path, const std::string& run) {
  if (!nn::is_there(path)) return;
  if (text_at(nn::SafetensorsFile::read_header(path), "run") != run)
    throw nn::CheckpointError(fmt::format(
        "{} is the state of a training with other settings or data; give those, or remove it to "
        "start over",
        path.string()));
}

std::optional<TrainingState> load_state(const fs::path& path, nn::Module& model,
                                        nn::Optimizer& optimizer, long steps,
                                        const std::string& run) {
  if (!nn::is_there(path)) return {};
  check_state(path, run);
  const nn::SafetensorsFile file = nn::SafetensorsFile::read(path);
  const TrainingState at{nn::read_whole(text_at(file, "steps_done")).value_or(0),
                         text_at(file, "run"), text_at(file, "log")};
  nn::Shapes wanted;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (p.trainable) wanted[name] = p.value.shape;
  });
  optimizer.visit_state([&](const std::string& name, nn::Tensor& t) { wanted[name] = t.shape; });
  const std::string problems = nn::difference(file, wanted);
  if (!problems.empty() || at.done < 1 || at.done > steps)
    throw nn::CheckpointError(
        fmt::format("{} is not the state of this training; remove it to start over{}{}",
                    path.string(), problems.empty() ? "" : ": ", problems));
  optimizer.restore(at.done, [&](const std::string& name) { return file.tensor(name); });
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (p.trainable) p.set(file.tensor(name));
  });
  return at;
}

}  // namespace experiments::training
