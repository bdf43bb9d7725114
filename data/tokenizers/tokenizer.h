#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Texts to token ids and back, as the libraries do it from whose files a vocabulary is read:
/// byte-level BPE (GPT-2, RoBERTa, LLaMA-3), WordPiece (BERT) and SentencePiece (LLaMA-2,
/// DeBERTa-v3). Texts are UTF-8. docs/tokenizers.md has the algorithms.
namespace data::tokenizers {

/// A file that is no tokenizer of ours, a text that is not UTF-8, an id that nothing has; the
/// message is one line.
struct TokenizerError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// A text, or two, as a model reads them.
struct Encoding {
  std::vector<int> ids;
  std::vector<int> types;  ///< of each id, BERT's token type: usually 0, and 1 in the second text
  bool is_cut = false;     ///< some of the text is missing: it was too long
};

/// As many ids as there are.
inline constexpr std::size_t any_length = static_cast<std::size_t>(-1);

/// One place of a template: a special token, or where a text goes.
struct Part {
  enum What { token, first_text, second_text } what;
  int type = 0;
  int id = 0;  ///< of a token
};

/// What stands around one text and around two, as in "[CLS] A [SEP]" and "[CLS] A [SEP] B [SEP]".
struct Template {
  std::vector<Part> single{{Part::first_text, 0, 0}};
  std::vector<Part> pair{{Part::first_text, 0, 0}, {Part::second_text, 1, 0}};
};

/// RoBERTa's: "<s> A </s>" and "<s> A </s> </s> B </s>", of one type.
Template roberta_template(int begin, int end);
/// BERT's: "[CLS] A [SEP]" and "[CLS] A [SEP] B [SEP]", B and what follows of type 1.
Template bert_template(int cls, int sep);

/// Whether a text gets the special tokens of the template, such as [CLS], and whether the special
/// tokens among ids become text.
enum class Special { with, without };

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// The ids of a text. What looks like a special token in it is one, but to SentencePiece. Of more
  /// than `longest` ids with the template's the text loses its last ones; of two, the longer one
  /// does, until both are of one length, which transformers calls longest_first. Throws
  /// TokenizerError "byte 17 is not UTF-8", where the bytes of the text are counted from 1, and
  /// where `longest` is too short for the template.
  Encoding encode(std::string_view text, Special special = Special::with,
                  std::size_t longest = any_length) const;
  Encoding encode_pair(std::string_view first, std::string_view second,
                       Special special = Special::with, std::size_t longest = any_length) const;

  /// The text of ids; bytes that are not UTF-8 become U+FFFD. `special` is whether special tokens
  /// are part of it, by default what the library does: only BERT's leaves them out. Throws
  /// TokenizerError where nothing has such an id.
  std::string decode(std::span<const int> ids) const;
  std::string decode(std::span<const int> ids, Special special) const;

  /// One more than the largest id.
  virtual int size() const = 0;
  /// The id of a token as the vocabulary spells it, for example "<|endoftext|>".
  virtual std::optional<int> id_of(std::string_view token) const = 0;

 protected:
  Tokenizer(Template frame, std::set<int> special_ids, Special usual_text)
      : frame_(std::move(frame)), special_ids_(std::move(special_ids)), usual_text_(usual_text) {}

 private:
  /// The ids of a text that is UTF-8, without a template.
  virtual std::vector<int> text_ids(std::string_view text) const = 0;
  /// Bytes for ids; throws TokenizerError for one that nothing has.
  virtual std::string text_of(std::span<const int> ids) const = 0;

  Template frame_;
  std::set<int> special_ids_;
  Special usual_text_;
};

/// What a SentencePiece model is used for, which its file does not say.
enum class PieceForm {
  as_configured,  ///< tokenizer_config.json or config.json says it; without either: plain
  plain,          ///< no special tokens
  llama,          ///< <s> in front
  deberta_v3      ///< in [CLS] and [SEP]
};

/// The tokenizer of a folder, by the first of these that is there: tokenizer.model or spm.model
/// (SentencePiece), vocab.txt (WordPiece), tokenizer.json (byte-level BPE), vocab.json with
/// merges.txt (the same). tokenizer_config.json is read where these leave a question open. Throws
/// TokenizerError or nn::FileError, in one line that names the file and what is wrong.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder,
                                          PieceForm form = PieceForm::as_configured);

}  // namespace data::tokenizers
