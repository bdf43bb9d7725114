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
#include "nn/files/json.h"
#include "nn/models/model_folder.h"

/// What other libraries compute with a model, to compare with: the references that are files of
/// these tests, and those below the folder LOWRANK_REFERENCES where the environment has one.
namespace references {

namespace fs = std::filesystem;
using nn::Index;
using nn::Matrix;
using nn::Tensor;

struct Reference {
  nn::Inputs inputs;
  std::vector<int> labels;
  std::map<std::string, Tensor> tensors;
};

inline std::vector<int> flat(const nn::Json& rows) {
  std::vector<int> all;
  for (const nn::Json& row : rows) {
    const std::vector<int> part = row.is_array() ? flat(row) : std::vector{row.get<int>()};
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// Reads folder/inputs.json and folder/reference.safetensors, or both below folder/golden.
inline Reference read(const fs::path& folder) {
  const bool beside = fs::exists(folder / "reference.safetensors");
  const fs::path in = beside ? folder : folder / "golden";
  const nn::Json json = nn::parse_json_object(nn::read_file(in / "inputs.json"));
  Reference r;
  r.inputs.B = static_cast<Index>(json["input_ids"].size());
  r.inputs.T = static_cast<Index>(json["input_ids"][0].size());
  r.inputs.ids = flat(json["input_ids"]);
  for (const int m : flat(json["attention_mask"]))
    r.inputs.mask.push_back(static_cast<unsigned char>(m));
  if (json.contains("token_type_ids")) r.inputs.types = flat(json["token_type_ids"]);
  if (json.contains("labels")) r.labels = flat(json["labels"]);
  const auto file =
      nn::SafetensorsFile::read(in / (beside ? "reference.safetensors" : "golden.safetensors"));
  for (const nn::SafetensorsEntry& entry : file.entries())
    r.tensors[entry.name] = file.tensor(entry.name);
  return r;
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
  const auto& mask = reference.inputs.mask;
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

/// What a model computes of a reference's inputs, under the reference's names: hidden states,
/// logits, loss, and the gradient of every tensor of its checkpoint that trains.
inline std::map<std::string, Matrix> computed(nn::Pretrained& model, const Reference& reference) {
  nn::Tape tape;
  std::vector<nn::Var> hidden;
  const nn::Inputs& inputs = reference.inputs;
  const nn::Var last = model.hidden({tape}, inputs, &hidden);
  const bool of_rows = model.head == nn::Head::classifier;
  std::vector<int> positions;
  for (Index i = 0; i < inputs.B * inputs.T; i += of_rows ? inputs.T : 1)
    positions.push_back(static_cast<int>(i));
  const nn::Var logits = model.read_out({tape}, inputs, last, positions);
  const nn::Var loss = nn::loss({tape}, model, inputs, last, reference.labels);
  tape.backward(loss);

  std::map<std::string, Matrix> values{{"logits", logits.value().m}, {"loss", loss.value().m}};
  for (std::size_t i = 0; i < hidden.size(); ++i)
    values[fmt::format("hidden.{}", i)] = hidden[i].value().m;
  std::map<std::string, const Tensor*> gradients;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (!p.grad.empty()) gradients[name] = &p.grad;
  });
  for (const auto& [name, gradient] : nn::as_stored(model.stored, gradients))
    values["grad." + name] = gradient.m;
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
