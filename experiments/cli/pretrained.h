#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/beyond/sweep.h"
#include "experiments/cli/analyse.h"
#include "experiments/cli/command_line.h"
#include "experiments/cli/model_source.h"
#include "experiments/finetune/recipe.h"
#include "lora/plan.h"

/// What commands do for --model DIR, a model that was trained elsewhere. There are two definitions:
/// pretrained_*.cpp, and models_missing.cpp for a build without LOWRANK_MODELS, where each says
/// how to get them.
namespace experiments::cli {

/// --model, and what the commands that have it do without: the options of the toy tasks.
void add_pretrained_option(Command& command, std::filesystem::path& model);

/// --frozen: how weights that do not change are kept in memory.
void add_frozen_option(Command& command, std::string& frozen);

struct PretrainedTrace {
  std::filesystem::path model, adapter, inputs, out;
  std::string frozen = "f32";
};
/// The step of inputs.json in a file, under the names of the checkpoint (nn/models/step.h).
int trace_pretrained(const PretrainedTrace& given);

/// A file of data, in one of data::readers' formats.
struct DataFile {
  std::filesystem::path path;
  std::string format;
};

struct PretrainedTrain {
  std::filesystem::path model, out;
  DataFile data;
  std::filesystem::path validation;  ///< may be empty
  std::string validation_format;
  bool is_full = false;   ///< full fine-tuning in place of LoRA
  lora::LoraConfig lora;  ///< without targets: those of the paper, by the model's type
  std::string frozen = "f32";
  finetune::Recipe recipe;
  std::string recipe_text;    ///< what was set by --recipe; may be empty
  std::optional<int> length;  ///< ids of a text at most; nothing: as many as the model takes
  std::uint64_t seed = 1;
  bool dry_run = false, json = false;
};
/// Fine-tunes a model of the folder on a file, and writes an adapter or a whole folder.
int train_pretrained(const PretrainedTrain& given);

/// Trainings that differ in some options, each run with several seeds.
struct PretrainedSweep {
  struct Row {
    std::vector<std::string> values;  ///< of the options that differ, for the table
    PretrainedTrain train;
    std::string lr_source;  ///< "given", "the recipe's", "the usual one"
  };
  std::vector<Row> rows;
  beyond::sweep::Sweep sweep;  ///< its name and axes, without rows
  harness::Settings settings;
  std::vector<std::string> remarks;  ///< on the rows, to be said first
};
/// Trains and scores them all, with plan, progress, a table and a figure.
int sweep_pretrained(const PretrainedSweep& given);

struct PretrainedMerge {
  std::filesystem::path model, adapter, out;
  bool json = false;
};
/// The folder of the model once more, with the adapter in its weights.
int merge_pretrained(const PretrainedMerge& given);

struct PretrainedAnalyse {
  std::filesystem::path model, adapter;
  std::filesystem::path inputs;             ///< rows of ids; empty: `data`
  std::filesystem::path against, shuffled;  ///< may be empty
  DataFile data = {};                       ///< a file of texts
};
constexpr std::size_t texts_analysed = 256;  ///< of the data, at equal distances
/// What an adapter shows: what analyse reads of a toy's, on the inputs of the file or on the data.
Analysis analyse_pretrained(const PretrainedAnalyse& given);

struct PretrainedExport {
  ModelSource source;
  std::filesystem::path out;
};
/// A toy base as a checkpoint of GPT-2, and its adapter on that.
int export_gpt2(const PretrainedExport& given);

struct PretrainedBench {
  std::filesystem::path model;
  std::string frozen = "f32";
  std::vector<std::string> targets;  ///< of LoRA in the step; none: every projection
  bool random = false;
  int tokens = 64, rows = 1;
  std::optional<int> length;  ///< of a row of the step
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
  int no_repeat_ngram = 0;
  bool no_cache = false, json = false;
  std::uint64_t seed = 1;
  std::string frozen = "f32";
};
int generate_pretrained(const PretrainedGenerate& given);
/// The same for each prompt of a file.
int generate_for_file(const PretrainedGenerate& given, const DataFile& data);

struct PretrainedEval {
  PretrainedGenerate how;  ///< the model, its adapter, and how it goes on with a prompt
  DataFile data;
  std::optional<int> length;  ///< ids of a text at most
  std::filesystem::path predictions;
  std::vector<std::string> of_decoding;  ///< options of `how` it goes on that were given
};
/// Scores a model on a file: accuracy and F1 of a classifier, the perplexity of a language model, and
/// what the E2E challenge and WikiSQL compare of what it writes.
int eval_pretrained(const PretrainedEval& given);

}  // namespace experiments::cli
