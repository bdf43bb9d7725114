#include "experiments/finetune/encode.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/readers/labels.h"

namespace experiments::finetune {

using data::readers::DataError;
using data::readers::DataSet;
using data::readers::Record;
using data::readers::RecordKind;
using data::tokenizers::Special;
using data::tokenizers::Tokenizer;

bool has_labels(const DataSet& data) {
  const RecordKind kind = data.records.front().kind;
  return kind == RecordKind::labelled_text || kind == RecordKind::labelled_pair;
}

namespace {

void append(std::vector<int>& ids, const std::vector<int>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

Text labelled(const Record& record, const Tokenizer& tokenizer, const EncodeOptions& options,
              const std::filesystem::path& path, EncodedFile& file) {
  const data::tokenizers::Encoding encoded =
      record.kind == RecordKind::labelled_pair
          ? tokenizer.encode_pair(record.text, record.second_text, Special::with, options.longest)
          : tokenizer.encode(record.text, Special::with, options.longest);
  file.cut += encoded.is_cut;
  Text text{encoded.ids, encoded.types};
  text.label = static_cast<int>(data::readers::label_id(record, options.labels, path));
  return text;
}

// The paper's code has an end between the two, and a space before the second.
Text prompted(const Record& record, const Tokenizer& tokenizer, const EncodeOptions& options) {
  const bool as_paper = options.format.starts_with("e2e") || options.format == "wikisql";
  Text text{tokenizer.encode(record.prompt).ids};
  if (as_paper && options.end >= 0) text.ids.push_back(options.end);
  text.first_target = static_cast<int>(text.ids.size());
  append(text.ids,
         tokenizer.encode((as_paper ? " " : "") + record.completion, Special::without).ids);
  if (options.end >= 0) text.ids.push_back(options.end);
  return text;
}

// Plain text in windows. Where one text ends and another begins, the end stands between them.
std::vector<Text> windows(const DataSet& data, const Tokenizer& tokenizer,
                          const EncodeOptions& options) {
  std::vector<int> ids;
  for (const Record& record : data.records) {
    if (!ids.empty() && !record.continues && options.end >= 0) ids.push_back(options.end);
    append(ids, tokenizer.encode(record.text, Special::without).ids);
  }
  std::vector<Text> texts;
  for (std::size_t begin = 0; begin + 1 < ids.size(); begin += options.longest - 1) {
    const std::size_t end = std::min(ids.size(), begin + options.longest);
    texts.push_back({{ids.begin() + static_cast<std::ptrdiff_t>(begin),
                      ids.begin() + static_cast<std::ptrdiff_t>(end)}});
    texts.back().first_target = 1;
  }
  return texts;
}

}  // namespace

EncodedFile encode(const DataSet& data, const std::filesystem::path& path,
                   const Tokenizer& tokenizer, const EncodeOptions& options) {
  EncodedFile file;
  if (data.records.front().kind == RecordKind::text) {
    file.texts = windows(data, tokenizer, options);
    if (file.texts.empty())
      throw DataError(
          fmt::format("{}: one token, of which nothing can be predicted", path.string()));
    return file;
  }
  for (const Record& record : data.records) {
    Text text = has_labels(data) ? labelled(record, tokenizer, options, path, file)
                                 : prompted(record, tokenizer, options);
    if (text.ids.size() > options.longest) {
      ++file.too_long;
      continue;
    }
    file.records.push_back(record);
    file.texts.push_back(std::move(text));
  }
  if (file.texts.empty())
    throw DataError(
        fmt::format("{}: every text is longer than {} ids", path.string(), options.longest));
  return file;
}

std::string shown(const Text& text, const Tokenizer& tokenizer,
                  const std::vector<std::string>& labels) {
  const auto tokens = [&](std::size_t begin, std::size_t end) {
    std::string line;
    for (std::size_t i = begin; i < end; ++i) {
      std::string token = tokenizer.decode(std::span(text.ids).subspan(i, 1), Special::with);
      std::ranges::replace(token, '\n', ' ');
      line += "|" + token;
    }
    return line + "|";
  };
  const std::size_t n = text.ids.size();
  if (text.label >= 0)
    return fmt::format("the first: {}\n  is to be: {}\n", tokens(0, n),
                       labels[static_cast<std::size_t>(text.label)]);
  const auto first = static_cast<std::size_t>(text.first_target);
  return fmt::format("the first: {}\n  is to go on: {}\n", tokens(0, first), tokens(first, n));
}

}  // namespace experiments::finetune
