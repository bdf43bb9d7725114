#include "data/tokenizers/sentence_piece.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include "data/tokenizers/config.h"
#include "data/tokenizers/in_file.h"
#include "data/tokenizers/piece_model_check.h"
#include "data/tokenizers/settings.h"
#include "nn/files/json.h"

namespace data::tokenizers {
namespace {

using Processor = sentencepiece::SentencePieceProcessor;

/// The library says much on standard error when a file is no model; we say it in one line.
void check(const sentencepiece::util::Status& status, std::string_view what) {
  if (!status.ok()) throw TokenizerError(fmt::format("{}: {}", what, nn::plain(status.message())));
}

std::unique_ptr<Processor> loaded(std::string_view model) {
  check_piece_model(model);
  auto processor = std::make_unique<Processor>();
  check(processor->LoadFromSerializedProto(model), "it is no SentencePiece model");
  return processor;
}

int need_piece(const Processor& processor, std::string_view piece) {
  const int id = processor.PieceToId(piece);
  if (processor.IdToPiece(id) != piece)
    throw TokenizerError(fmt::format("the model has no piece {}", nn::printable(piece)));
  return id;
}

Template frame_of(const Processor& processor, PieceForm form) {
  if (form == PieceForm::llama) {
    const Part begin{Part::token, 0, need_piece(processor, "<s>")}, again{Part::token, 1, begin.id};
    const Part first{Part::first_text, 0, 0}, second{Part::second_text, 1, 0};
    return {{begin, first}, {begin, first, again, second}};
  }
  if (form == PieceForm::deberta_v3) {
    const int cls = need_piece(processor, "[CLS]"), sep = need_piece(processor, "[SEP]");
    return bert_template(cls, sep);
  }
  return {};
}

std::set<int> control_ids(const Processor& processor) {
  std::set<int> ids;
  for (int id = 0; id < processor.GetPieceSize(); ++id)
    if (processor.IsControl(id)) ids.insert(id);
  return ids;
}

class SentencePiece : public Tokenizer {
 public:
  SentencePiece(std::unique_ptr<Processor> processor, PieceForm form)
      : Tokenizer(frame_of(*processor, form), control_ids(*processor), Special::with),
        processor_(std::move(processor)) {}

  int size() const override { return processor_->GetPieceSize(); }
  std::optional<int> id_of(std::string_view token) const override {
    const int id = processor_->PieceToId(token);  // that of the unknown token for what it has not
    return processor_->IdToPiece(id) == token ? std::optional(id) : std::nullopt;
  }

 private:
  std::vector<int> text_ids(std::string_view text) const override {
    std::vector<int> ids;
    check(processor_->Encode(text, &ids), "SentencePiece");
    return ids;
  }

  std::string text_of(std::span<const int> ids) const override {
    for (const int id : ids)
      if (id < 0 || id >= size())
        throw TokenizerError(
            fmt::format("no token has the id {}; they are from 0 to {}", id, size() - 1));
    std::string text;
    check(processor_->Decode(std::vector<int>(ids.begin(), ids.end()), &text), "SentencePiece");
    return text;
  }

  std::unique_ptr<Processor> processor_;
};

PieceForm form_of_class(const Config& config, const std::string& name) {
  if (name == "LlamaTokenizer") {
    config.only("add_eos_token", false);
    return config.flag("add_bos_token", true) ? PieceForm::llama : PieceForm::plain;
  }
  if (name == "DebertaV2Tokenizer") {
    config.only("do_lower_case", false);
    config.only("split_by_punct", false);
    return PieceForm::deberta_v3;
  }
  throw TokenizerError(fmt::format(
      "tokenizer_class is {}; with a SentencePiece model LlamaTokenizer and DebertaV2Tokenizer are "
      "supported",
      nn::printable(name)));
}

}  // namespace

std::unique_ptr<Tokenizer> parse_sentence_piece(std::string_view model, PieceForm form) {
  return std::make_unique<SentencePiece>(loaded(model), form);
}

PieceForm piece_form(std::string_view tokenizer_config, std::string_view model_config) {
  const std::string type = in_file("config.json", [&] {
    const nlohmann::json config =
        model_config.empty() ? nlohmann::json::object() : parse_object(model_config);
    const auto found = config.find("model_type");
    return found == config.end() ? "" : string_from(*found, "model_type");
  });
  return in_file("tokenizer_config.json", [&] {
    const Config config(tokenizer_config);
    const std::string name = config.tokenizer_class(type == "llama"        ? "LlamaTokenizer"
                                                    : type == "deberta-v2" ? "DebertaV2Tokenizer"
                                                                           : "");
    return name.empty() ? PieceForm::plain : form_of_class(config, name);
  });
}

}  // namespace data::tokenizers
