#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/cli/analyse.h"
#include "experiments/cli/command_line.h"
#include "experiments/cli/model_source.h"

/// What commands do for --model DIR, a model that was trained elsewhere. There are two definitions:
/// pretrained_*.cpp, and models_missing.cpp for a build without LOWRANK_MODELS, where each says
/// how to get them.
namespace experiments::cli {

/// --model, and what the commands that have it do without: the options of the toy tasks.
void add_pretrained_option(Command& command, std::filesystem::path& model);

struct PretrainedTrace {
  std::filesystem::path model, adapter, inputs, out;
};
/// The step of inputs.json in a file, under the names of the checkpoint (nn/models/step.h).
int trace_pretrained(const PretrainedTrace& given);

struct PretrainedMerge {
  std::filesystem::path model, adapter, out;
  bool json = false;
};
/// The folder of the model once more, with the adapter in its weights.
int merge_pretrained(const PretrainedMerge& given);

struct PretrainedAnalyse {
  std::filesystem::path model, adapter, inputs, against, shuffled;  ///< the last two may be empty
};
/// What an adapter shows: what analyse reads of a toy's, on the inputs of the file.
Analysis analyse_pretrained(const PretrainedAnalyse& given);

struct PretrainedExport {
  ModelSource source;
  std::filesystem::path out;
};
/// A toy base as a checkpoint of GPT-2, and its adapter on that.
int export_gpt2(const PretrainedExport& given);

struct PretrainedBench {
  std::filesystem::path model;
  int tokens = 64;
  bool json = false;
};
int bench_pretrained(const PretrainedBench& given);

struct PretrainedGenerate {
  std::filesystem::path model, adapter;
  std::optional<std::string> prompt;           ///< a text, for the folder's tokenizer
  std::vector<int> prompt_ids;                 ///< in place of it
  std::optional<std::vector<int>> stops;       ///< nothing: those that the folder names
  double temperature = 0, length_penalty = 1;  ///< the rest as nn::DecodeOptions has it
  int top_k = 0, beams = 1, max_tokens = 20;
  bool no_cache = false, json = false;
  std::uint64_t seed = 1;
};
int generate_pretrained(const PretrainedGenerate& given);

}  // namespace experiments::cli
