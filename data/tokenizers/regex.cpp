#include "data/tokenizers/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <string>

#include "data/tokenizers/tokenizer.h"
#include "nn/files/json.h"

namespace data::tokenizers {
namespace {

std::string message(int code) {
  PCRE2_UCHAR text[200];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

/// The pattern for PCRE2. Patterns in tokenizer.json are Oniguruma's. What both read alike goes
/// through, and \s is spelt out: for PCRE2 U+180E is white space too. All else is refused.
class Translation {
 public:
  explicit Translation(std::string_view pattern) : rest_(pattern) {
    while (!rest_.empty()) step();
  }
  std::string text;

 private:
  void step() {
    if (rest_[0] == '\\') return escape();
    if (in_class_) {
      if (rest_[0] == '[' || rest_.starts_with("&&")) refuse("a class within a class");
      if (rest_[0] == ']') in_class_ = false;
    } else if (rest_[0] == '[') {
      in_class_ = true;
    } else if (rest_.starts_with("(?")) {
      group();
    } else if (rest_.starts_with("(*")) {
      refuse("(*");
    }
    take(1);
  }

  void escape() {
    const char escaped = rest_.size() > 1 ? rest_[1] : ' ';
    if (escaped == 's' || escaped == 'S') {
      text += escaped == 's' ? "\\p{White_Space}" : "\\P{White_Space}";
      rest_.remove_prefix(2);
      return;
    }
    const bool is_sign = static_cast<unsigned char>(escaped) < 0x80 &&
                         (escaped < '0' || escaped > '9') && (escaped < 'A' || escaped > 'Z') &&
                         (escaped < 'a' || escaped > 'z');
    if (!is_sign && std::string_view("pPrntdD").find(escaped) == std::string_view::npos)
      refuse(rest_.substr(0, 2));
    take(std::min<std::size_t>(2, rest_.size()));
  }

  void group() const {
    for (const char* known : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?i)"})
      if (rest_.starts_with(known)) return;
    refuse(rest_.substr(0, 4));
  }

  void take(std::size_t count) {
    text += rest_.substr(0, count);
    rest_.remove_prefix(count);
  }

  [[noreturn]] static void refuse(std::string_view what) {
    throw TokenizerError(fmt::format("a pattern has {}, which is not supported", nn::plain(what)));
  }

  std::string_view rest_;
  bool in_class_ = false;
};

// Of one match, in a text of n bytes. n spaces before a word take about n, and a pattern whose tries
// double with each byte is given up soon.
std::uint32_t most_tries(std::size_t n) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(10'000 + 10 * n, 1'000'000'000));
}

}  // namespace

struct Regex::Compiled {
  pcre2_code* code = nullptr;

  ~Compiled() { pcre2_code_free(code); }
};

Regex::Regex(std::string_view pattern) : compiled_(std::make_unique<Compiled>()) {
  const std::string translated = Translation(pattern).text;
  pcre2_compile_context* settings = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(settings, PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE place = 0;
  compiled_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &place, settings);
  pcre2_compile_context_free(settings);
  if (compiled_->code == nullptr)
    throw TokenizerError(
        fmt::format("the pattern {} is wrong: {}", nn::printable(pattern), message(error)));
  pcre2_jit_compile(compiled_->code, PCRE2_JIT_COMPLETE);  // where it cannot, it is slower
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

// That the text is UTF-8 is known (require_utf8). PCRE2 would look through all of it at each match.
std::vector<std::string_view> Regex::pieces(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> match(
      pcre2_match_data_create_from_pattern(compiled_->code, nullptr), pcre2_match_data_free);
  const std::unique_ptr<pcre2_match_context, void (*)(pcre2_match_context*)> settings(
      pcre2_match_context_create(nullptr), pcre2_match_context_free);
  pcre2_set_match_limit(settings.get(), most_tries(text.size()));
  std::vector<std::string_view> pieces;
  std::size_t done = 0;
  for (std::size_t from = 0; from < text.size();) {
    const int code =
        pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                    PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match.get(), settings.get());
    if (code == PCRE2_ERROR_NOMATCH) break;
    if (code < 0) throw TokenizerError("the pattern that cuts words: " + message(code));
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    if (bounds[0] > done) pieces.push_back(text.substr(done, bounds[0] - done));
    pieces.push_back(text.substr(bounds[0], bounds[1] - bounds[0]));
    done = from = bounds[1];
  }
  if (done < text.size()) pieces.push_back(text.substr(done));
  return pieces;
}

}  // namespace data::tokenizers
