#pragma once

#include <memory>
#include <string_view>
#include <vector>

namespace data::tokenizers {

/// A regular expression as tokenizer.json has it, compiled by PCRE2.
class Regex {
 public:
  /// Throws TokenizerError where the pattern is none, or has what PCRE2 would read differently from
  /// the library that the file was written for.
  explicit Regex(std::string_view pattern);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// A text that is UTF-8, cut into the matches from left to right and what is between them. Throws
  /// TokenizerError where the pattern tries too many ways to match.
  std::vector<std::string_view> pieces(std::string_view text) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace data::tokenizers
