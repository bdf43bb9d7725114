#pragma once

#include "experiments/cli/pretrained.h"
#include "experiments/finetune/encode.h"
#include "nn/models/decode.h"
#include "nn/models/model_folder.h"

/// A file of data beside a model of the same command.
namespace experiments::cli {

/// Throws UsageError where the records are not what a model with that head can be asked: prompts and
/// plain text want a causal language model, texts with labels one that is none.
void check_kind(const DataFile& data, const data::readers::DataSet& read, nn::Head head,
                const std::filesystem::path& model);

/// What the tokenizer of the folder makes of texts for a model of `vocabulary` words. Throws
/// nn::ModelError where it has more ids.
std::unique_ptr<data::tokenizers::Tokenizer> tokenizer_of(const std::filesystem::path& folder,
                                                          nn::Index vocabulary);

/// "eos_token_id" of generation_config.json, or else of config.json: one id or several; none where
/// neither has one.
std::vector<int> end_ids(const std::filesystem::path& folder);

/// How a text is gone on with, as the options say; it ends where `stops` say.
nn::DecodeOptions decode_options(const PretrainedGenerate& given, std::vector<int> stops);

/// The id that fills rows up: "pad_token_id", or what the type of the model has without one.
int pad_id(const nn::ModelFolder& folder);

/// The labels of records with labels, in the order of the model's logits: the folder's own, where it
/// is a classifier, otherwise those of the file by name. Throws std::invalid_argument where the file
/// has one that the model lacks.
std::vector<std::string> labels_for(const data::readers::DataSet& contents,
                                    const std::filesystem::path& path,
                                    const std::vector<std::string>& of_model);

/// "700 texts of FILE; 3 lines skipped: gold label '-' (first in line 12)".
std::string about(const finetune::EncodedFile& file, const data::readers::DataSet& contents,
                  const std::filesystem::path& path);

/// How many ids a text may have: as wanted, or as many as the model takes. Throws UsageError for more
/// than those.
std::size_t longest_text(const nn::Pretrained& model, std::optional<int> wanted);

/// A model, under an adapter or not, and a file of data as it reads it.
struct ModelAndData {
  std::unique_ptr<nn::Pretrained> model;
  std::unique_ptr<data::tokenizers::Tokenizer> tokenizer;
  std::vector<std::string> labels;  ///< of a classifier
  std::vector<int> ends;
  int pad = 0;
  data::readers::DataSet data;
  finetune::EncodedFile file;
};
/// Throws UsageError and std::invalid_argument where they do not fit each other.
ModelAndData read_model_and_data(const PretrainedGenerate& how, const DataFile& data,
                                 std::optional<int> length);

}  // namespace experiments::cli
