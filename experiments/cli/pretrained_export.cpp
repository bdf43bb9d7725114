#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "data/vocabulary.h"
#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "lora/inject.h"
#include "lora/interop/pieces.h"
#include "nn/files/file.h"
#include "nn/models/to_gpt2.h"

namespace experiments::cli {

namespace {

// Changes of rows of one matrix of GPT-2, as of q and v in c_attn.
struct Group {
  std::vector<lora::Piece> pieces;
  lora::LoraSpec spec;  // of the first
};
using Groups = std::map<std::string, Group>;  // by the matrix

Groups groups_of(nn::Decoder& model) {
  Groups groups;
  for (const auto& [name, layer] : lora::lora_layers(model)) {
    const nn::Gpt2Place place = nn::gpt2_place(name, model.config.d_model);
    Group& group = groups[place.name];
    if (group.pieces.empty()) group.spec = layer->spec;
    group.pieces.push_back({place.begin, layer->A.value.m, layer->B.value.m, layer->scale()});
  }
  return groups;
}

// One change that makes all of a group. One of the whole matrix stays what it is.
struct Stacked {
  lora::LoraSpec spec;
  nn::Matrix A, B;
};
Stacked stacked(const Group& group, const std::string& name, nn::Index in, nn::Index out) {
  const lora::Piece& first = group.pieces.front();
  if (group.pieces.size() == 1 && first.B.rows() == out) return {group.spec, first.A, first.B};
  const lora::JoinedPieces joined = lora::join(group.pieces, out);
  const nn::Index rank = joined.A.rows();
  if (rank > std::min(in, out))
    throw std::invalid_argument(fmt::format(
        "GPT-2 has q, k and v as one matrix, {}, where this adapter would have the rank "
        "{}, above {}",
        name, rank, std::min(in, out)));
  Stacked all{group.spec, joined.A.m, joined.B.m};
  all.spec.rank = rank;
  all.spec.scaling = lora::Scaling::alpha_over_r;
  all.spec.alpha = joined.scale * static_cast<double>(rank);
  return all;
}

// All changes of the groups, put onto the GPT-2 model.
void put_groups(nn::Pretrained& model, const Groups& groups) {
  std::map<std::string, std::pair<nn::Index, nn::Index>> sizes;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    sizes[name] = {slot->in_features(), slot->out_features()};
  });
  std::map<std::string, Stacked> changes;
  lora::LoraConfig config;
  for (const auto& [name, group] : groups) {
    const auto [in, out] = sizes.at(name);
    const Stacked& change = changes[name] = stacked(group, name, in, out);
    if (config.targets.empty()) config.spec = change.spec;
    config.targets.push_back(name);
    config.rank_pattern.emplace_back(name, change.spec.rank);
    // An adapter has one scaling: alpha such that alpha'/r is what it was.
    const double s = lora::scale(change.spec.scaling, change.spec.alpha, change.spec.rank);
    config.alpha_pattern.emplace_back(name, s * static_cast<double>(change.spec.rank));
  }
  config.spec.scaling = lora::Scaling::alpha_over_r;
  lora::inject(model, config, /*seed=*/0);
  for (const auto& [name, layer] : lora::lora_layers(model)) {
    layer->A.value.m = changes.at(name).A;
    layer->B.value.m = changes.at(name).B;
  }
}

// Whatever cannot be held is found before `out` is there.
void write_all(const std::filesystem::path& out, nn::Decoder& model, const Groups& groups) {
  const nn::TemporaryFolder trial;
  nn::write_gpt2(trial.path(), model, data::word::eos);
  const auto as_gpt2 = nn::ModelFolder(trial.path()).load();
  if (!groups.empty()) put_groups(*as_gpt2, groups);
  nn::write_gpt2(out, model, data::word::eos);
  if (!groups.empty()) lora::save_adapter(out / "adapter", *as_gpt2, {.task = "CAUSAL_LM"});
}

}  // namespace

int export_gpt2(const PretrainedExport& given) {
  check_out(given.out, 0);
  const SourcedModel sourced = load_model(given.source);
  const Groups groups = groups_of(*sourced.model);
  if (!sourced.adapter.empty() && groups.empty())
    throw std::invalid_argument(fmt::format(
        "{} was trained by {}, which is no adapter of LoRA's; what GPT-2 can hold of it "
        "is in the checkpoint that ./run merge writes of it: export --checkpoint",
        sourced.adapter, sourced.method));
  lora::unwrap(*sourced.model);
  write_all(given.out, *sourced.model, groups);
  print_out("{} as a GPT-2 in {}: config.json and model.safetensors{}\n", to_string(sourced),
            given.out.string(), groups.empty() ? "" : ", its adapter in PEFT's layout in adapter/");
  print_out(
      "there is no tokenizer: a word's id is its place in the toy tasks' vocabulary "
      "(data/vocabulary.cpp)\n");
  return 0;
}

}  // namespace experiments::cli
