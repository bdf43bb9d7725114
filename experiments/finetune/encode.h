#pragma once

#include <string>
#include <vector>

#include "data/readers/reader.h"
#include "data/tokenizers/tokenizer.h"
#include "experiments/finetune/text_batch.h"

/// What stands in a file, as a model reads it.
namespace experiments::finetune {

/// A file's records, with the ids of each; those that are too long are left out of both.
struct EncodedFile {
  std::vector<data::readers::Record> records;
  std::vector<Text> texts;  ///< one for each record; of plain text one for each window
  long cut = 0;             ///< texts of a classifier that lost their ends
  long too_long = 0;        ///< prompts with completions that were left out
};

bool has_labels(const data::readers::DataSet& data);

struct EncodeOptions {
  std::size_t longest = 0;          ///< ids of a text, at least 2
  std::string format;               ///< of the file
  int end = -1;                     ///< the id that ends a text; -1: none does
  std::vector<std::string> labels;  ///< of a classifier, in the order of its logits
};

/// The ids of each record. A classifier reads one text or two in the tokenizer's template. A causal
/// model reads a prompt and is to say the completion and the end: in the form of the paper's code,
/// "prompt <end> completion <end>" with a space before the completion, for its data sets, and
/// as they are, one behind the other, for one's own. Of plain text each id is predicted, in windows
/// of `longest` ids, of which the next begins with the last one's last id.
/// Throws std::invalid_argument, in one line with the file's name, for a label that is none of
/// `labels`, and where every text is too long.
EncodedFile encode(const data::readers::DataSet& contents, const std::filesystem::path& path,
                   const data::tokenizers::Tokenizer& tokenizer, const EncodeOptions& options);

/// A text as a person sees what the model reads, and what of it is learned: the tokens between
/// bars, those that are predicted in a line of their own, or the label.
std::string shown(const Text& text, const data::tokenizers::Tokenizer& tokenizer,
                  const std::vector<std::string>& labels);

}  // namespace experiments::finetune
