#include "lora/interop/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <stdexcept>

#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

// Names of modules are short, and so is what describes them. A pattern that tries all ways of
// matching ends after so many; an honest one takes some dozens.
constexpr std::size_t longest_pattern = 1000;
constexpr std::uint32_t most_tries = 5000, deepest_match = 1000, deepest_nesting = 20;
constexpr std::uint32_t most_kilobytes = 1000;

std::string reason(int code) {
  PCRE2_UCHAR text[200];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

[[noreturn]] void refuse(std::string_view pattern, std::string_view why) {
  throw std::invalid_argument(
      fmt::format("the regular expression {} {}", nn::printable(pattern), why));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What Python's re would refuse or read in another way. Names are ASCII on one line, so that \w, \s,
// $ and \Z mean the same to both.
void check_dialect(std::string_view pattern) {
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    if (static_cast<unsigned char>(rest[0]) >= 0x80 || rest[0] == '\0')
      refuse(pattern, "has what no name of a module has");
    if (rest[0] == '\\') {
      const char escaped = rest.size() > 1 ? rest[1] : 'x';
      if (is_letter(escaped) && std::string_view("dDwWsSbBAZ").find(escaped) == rest.npos)
        refuse(pattern, fmt::format("has \\{}, which is not supported", escaped));
      ++i;
    } else if (in_class) {
      if (rest[0] == '[') refuse(pattern, "has [ within [ ], which is not supported");
      if (rest[0] == ']') in_class = false;
    } else if (rest[0] == '[') {
      in_class = true;
      if (rest.starts_with("[^]")) i += 2;  // ] as the first of a class is one of its characters
      if (rest.starts_with("[]")) i += 1;
    } else if (rest.starts_with("(?")) {
      const auto known = {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P<", "(?P=", "(?i:"};
      if (std::none_of(known.begin(), known.end(), [&](auto k) { return rest.starts_with(k); }))
        refuse(pattern,
               fmt::format("has {}, which is not supported", nn::plain(rest.substr(0, 4))));
    } else if (rest.starts_with("(*") || rest.starts_with("{,")) {
      refuse(pattern, fmt::format("has {}, which is not supported", rest.substr(0, 2)));
    }
  }
}

}  // namespace

struct ModulePattern::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_context* limits = pcre2_match_context_create(nullptr);
  pcre2_match_data* match = nullptr;

  ~Compiled() {
    pcre2_match_data_free(match);
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
  }
};

ModulePattern::ModulePattern(std::string_view pattern)
    : text_(pattern), compiled_(std::make_unique<Compiled>()) {
  if (pattern.size() > longest_pattern)
    throw std::invalid_argument(fmt::format("a regular expression of {} characters; {} are allowed",
                                            pattern.size(), longest_pattern));
  check_dialect(pattern);
  pcre2_compile_context* settings = pcre2_compile_context_create(nullptr);
  pcre2_set_parens_nest_limit(settings, deepest_nesting);
  int error = 0;
  PCRE2_SIZE place = 0;
  compiled_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), 0,
                                  &error, &place, settings);
  pcre2_compile_context_free(settings);
  if (compiled_->code == nullptr) refuse(text_, "is none: " + reason(error));
  pcre2_set_match_limit(compiled_->limits, most_tries);
  pcre2_set_depth_limit(compiled_->limits, deepest_match);
  pcre2_set_heap_limit(compiled_->limits, most_kilobytes);
  compiled_->match = pcre2_match_data_create_from_pattern(compiled_->code, nullptr);
}

ModulePattern::ModulePattern(ModulePattern&&) noexcept = default;
ModulePattern::~ModulePattern() = default;

bool ModulePattern::run(std::string_view name, unsigned options) const {
  const int code = pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(name.data()),
                               name.size(), 0, options, compiled_->match, compiled_->limits);
  if (code < 0 && code != PCRE2_ERROR_NOMATCH)
    refuse(text_, fmt::format("cannot be tried on {}: {}", nn::printable(name), reason(code)));
  return code > 0;
}

bool ModulePattern::matches(std::string_view name) const {
  return run(name, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

std::string ModulePattern::last_group_at_start(std::string_view name) const {
  if (!run(name, PCRE2_ANCHORED)) return "";
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(compiled_->match);
  const std::uint32_t last = pcre2_get_ovector_count(compiled_->match) - 1;
  if (bounds[2 * last] == PCRE2_UNSET) return "";
  return std::string(name.substr(bounds[2 * last], bounds[2 * last + 1] - bounds[2 * last]));
}

PatternKey::PatternKey(std::string_view key) {
  const bool plain = !key.empty() && std::ranges::all_of(key, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
  if (plain)
    plain_ = key;
  else
    pattern_ = std::make_unique<ModulePattern>(fmt::format("(.*\\.)?({})$", key));
}

bool PatternKey::matches(std::string_view name) const {
  if (pattern_) return pattern_->matches(name);
  if (name.size() < plain_.size()) return false;
  const std::size_t begin = name.size() - plain_.size();
  if (begin > 0 && name[begin - 1] != '.') return false;
  return std::equal(plain_.begin(), plain_.end(), name.begin() + static_cast<std::ptrdiff_t>(begin),
                    [](char of_key, char c) { return of_key == '.' || of_key == c; });
}

}  // namespace lora::inline LOWRANK_PRECISION
