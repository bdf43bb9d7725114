#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "autograd/scalar.h"

namespace lora::inline LOWRANK_PRECISION {

/// A regular expression over names of modules from a stranger's file, as Python's `re` reads it. It
/// is compiled by PCRE2, with limits: what both read alike goes through, and all else is refused.
class ModulePattern {
 public:
  /// Throws std::invalid_argument where it is no regular expression, is too long or too deep, or has
  /// what PCRE2 would read differently.
  explicit ModulePattern(std::string_view pattern);
  ModulePattern(ModulePattern&&) noexcept;
  ~ModulePattern();

  /// Whether it matches the whole name. Throws std::invalid_argument where that takes too many tries.
  bool matches(std::string_view name) const;
  /// The text of its last group at the beginning of the name, "" where it does not match there.
  std::string last_group_at_start(std::string_view name) const;

 private:
  struct Compiled;
  bool run(std::string_view name, unsigned options) const;

  std::string text_;
  std::unique_ptr<Compiled> compiled_;
};

/// Whether a key of "rank_pattern" or "alpha_pattern" says something of a module: as PEFT has it, where
/// the key, a regular expression, matches the name or what is behind one of its dots.
class PatternKey {
 public:
  explicit PatternKey(std::string_view key);  ///< throws as ModulePattern
  bool matches(std::string_view name) const;  ///< throws as ModulePattern
  bool is_plain() const { return !pattern_; }

 private:
  std::string plain_;  // of letters, digits, - and _, and of dots, which match any character
  std::unique_ptr<ModulePattern> pattern_;
};

}  // namespace lora::inline LOWRANK_PRECISION
