#include <algorithm>

#include "data/readers/forms.h"
#include "data/readers/lines.h"

namespace data::readers {
namespace {

// A text is one document, and there may be more of it than memory. It comes in pieces of some 64 KiB
// that joined are the text, but for CR LF, which becomes LF. Lines would be too short: a tokenizer
// sees each piece alone, and what it would make of a place where two of them meet, white space or a
// space that it puts in front, is lost. Paragraphs would be too long: a text may have none.
constexpr std::size_t piece_size = std::size_t{64} << 10;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Where to cut a text of more than one byte in two: before the last line that begins with something
/// else than white space, or else before the last word, or else before the last character; 0 where
/// there is none of them.
std::size_t place_to_cut(std::string_view text) {
  const auto last = [&](auto fits) {
    for (std::size_t i = text.size() - 1; i > 0; --i)
      if (fits(text[i - 1], text[i])) return i;
    return std::size_t{0};
  };
  if (const auto at = last([](char a, char b) { return a == '\n' && !is_space(b); })) return at;
  if (const auto at = last([](char a, char b) { return !is_space(a) && b == ' '; })) return at;
  return last([](char, char b) { return (static_cast<unsigned char>(b) & 0xC0) != 0x80; });
}

class TextReader : public Reader {
 public:
  explicit TextReader(const std::filesystem::path& file) : Reader(file), blocks_(file) {}

 private:
  std::optional<Record> read() override {
    if (!fill()) return {};
    Record record{.text = take_piece(), .continues = continues_, .line = line_};
    check(record.text);
    if (!continues_ && ended_ && rest_.empty() && is_blank(record.text)) {  // the whole file
      skip("text is empty", record.line);
      return {};
    }
    continues_ = true;
    return record;
  }

  /// Reads until there is a piece and something behind it to cut before; false where nothing is left.
  bool fill() {
    while (!ended_ && rest_.size() <= piece_size) {
      const std::size_t before = rest_.size();
      ended_ = !blocks_.append_to(rest_);
      if (!begun_ && rest_.starts_with(byte_order_mark)) rest_.erase(0, byte_order_mark.size());
      begun_ = true;
      drop_returns(before == 0 ? 0 : before - 1);
    }
    return !rest_.empty();
  }

  /// Makes LF of CR LF from a place on.
  void drop_returns(std::size_t from) {
    std::size_t kept = from;
    for (std::size_t i = from; i < rest_.size(); ++i)
      if (rest_[i] != '\r' || i + 1 == rest_.size() || rest_[i + 1] != '\n')
        rest_[kept++] = rest_[i];
    rest_.resize(kept);
  }

  std::string take_piece() {
    std::size_t end = rest_.size() > piece_size ? place_to_cut(rest_) : 0;
    if (end == 0) end = rest_.size();
    std::string piece = rest_.substr(0, end);
    rest_.erase(0, end);
    return piece;
  }

  /// Counts the lines of a piece, and fails in the first that is no text.
  void check(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t end = std::min(piece.find('\n'), piece.size());
      const std::string fault = fault_of(piece.substr(0, end), bytes_of_line_ + 1);
      if (!fault.empty()) fail(line_, fault);
      const bool ends = end < piece.size();
      bytes_of_line_ = ends ? 0 : bytes_of_line_ + end;
      line_ += ends;
      piece.remove_prefix(ends ? end + 1 : end);
    }
    count_lines(bytes_of_line_ > 0 ? line_ : line_ - 1);
  }

  Blocks blocks_;
  std::string rest_;               // read, and not given yet
  std::size_t line_ = 1;           // in which rest_ begins
  std::size_t bytes_of_line_ = 0;  // which were given before
  bool begun_ = false, ended_ = false, continues_ = false;
};

}  // namespace

std::unique_ptr<Reader> text_reader(const std::filesystem::path& file) {
  return std::make_unique<TextReader>(file);
}

}  // namespace data::readers
