#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/files/file.h"
#include "nn/models/model_folder.h"
#include "nn/models/step.h"

/// What other libraries compute with a model, to compare with: the references that are files of
/// these tests, and those below the folder LOWRANK_REFERENCES where the environment has one.
namespace references {

namespace fs = std::filesystem;
using nn::Index;
using nn::Matrix;
using nn::Tensor;

struct Reference {
  nn::LabelledInputs given;
  std::map<std::string, Tensor> tensors;
};

/// The tensors of folder/reference.safetensors, or of folder/golden/golden.safetensors.
inline std::map<std::string, Tensor> tensors_of(const fs::path& folder) {
  const fs::path beside = folder / "reference.safetensors";
  const auto file = nn::SafetensorsFile::read(
      fs::exists(beside) ? beside : folder / "golden" / "golden.safetensors");
  std::map<std::string, Tensor> tensors;
  for (const nn::SafetensorsEntry& entry : file.entries())
    tensors[entry.name] = file.tensor(entry.name);
  return tensors;
}

/// The inputs.json of a reference.
inline fs::path inputs_of(const fs::path& folder) {
  const fs::path beside = folder / "inputs.json";
  return fs::exists(beside) ? beside : folder / "golden" / "inputs.json";
}

inline Reference read(const fs::path& folder) {
  return {nn::read_inputs(inputs_of(folder)), tensors_of(folder)};
}

/// The folder of references that the environment names, if any.
inline std::optional<fs::path> elsewhere() {
  const char* folder = std::getenv("LOWRANK_REFERENCES");
  return folder && *folder ? std::optional<fs::path>(folder) : std::nullopt;
}

// |ours - reference| must be within this part of the larger of the tensor's largest number and a
// thousandth of the largest among all gradients, or among all other tensors. References are computed
// in double and rounded to float; some libraries compute a part of them in float.
#ifdef LOWRANK_DOUBLE
constexpr double of_values = 2e-6, of_gradients = 2e-6;
#else
constexpr double of_values = 1e-5, of_gradients = 1e-4;
#endif

struct Difference {
  std::string name;
  double part = 0;  ///< of its bound
};

inline bool is_gradient(const std::string& name) { return name.starts_with("grad."); }

/// Every tensor of a reference, the worst first. Rows (B*T,..) of padding say nothing.
inline std::vector<Difference> compare(const Reference& reference,
                                       const std::map<std::string, Matrix>& ours) {
  const auto& mask = reference.given.inputs.mask;
  const auto meaning = [&](const std::string& name, Matrix m) {
    if (!is_gradient(name) && m.rows() == static_cast<Index>(mask.size()))
      for (std::size_t i = 0; i < mask.size(); ++i)
        if (!mask[i]) m.row(static_cast<Index>(i)).setZero();
    return m;
  };
  double largest[2] = {0, 0};
  for (const auto& [name, tensor] : reference.tensors) {
    double& of_kind = largest[is_gradient(name)];
    of_kind = std::max<double>(of_kind, meaning(name, tensor.m).cwiseAbs().maxCoeff());
  }
  std::vector<Difference> all;
  for (const auto& [name, tensor] : reference.tensors) {
    const auto found = ours.find(name);
    if (found == ours.end() || found->second.size() != tensor.size()) {
      all.push_back({name + ", which is not there", 1e9});
      continue;
    }
    const Matrix theirs = meaning(name, tensor.m), own = meaning(name, found->second);
    const double scale =
        std::max<double>(theirs.cwiseAbs().maxCoeff(), 1e-3 * largest[is_gradient(name)]);
    const double bound = (is_gradient(name) ? of_gradients : of_values) * scale;
    const double error = static_cast<double>((own - theirs).cwiseAbs().maxCoeff());
    all.push_back({name, std::isfinite(error) ? error / bound : 1e9});
  }
  std::ranges::sort(all, std::ranges::greater{}, &Difference::part);
  return all;
}

/// What a model computes of a reference's inputs, under the reference's names.
inline std::map<std::string, Matrix> computed(nn::Pretrained& model, const Reference& reference) {
  std::map<std::string, Matrix> values;
  for (auto& [name, tensor] : nn::checkpoint_step(model, reference.given)) values[name] = tensor.m;
  return values;
}

/// "gpt2   46 tensors; of its bound the worst 0.057 (logits), then 0.050 (hidden.3)"
inline std::string line(const std::string& title, const std::vector<Difference>& all) {
  std::string text = fmt::format("{:<28} {:3} tensors; of its bound the worst {:.3f} ({})", title,
                                 all.size(), all[0].part, all[0].name);
  if (all.size() > 1) text += fmt::format(", then {:.3f} ({})", all[1].part, all[1].name);
  return text;
}

}  // namespace references
