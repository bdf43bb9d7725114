#pragma once

#include <initializer_list>
#include <optional>

#include "nn/files/json.h"
#include "nn/models/pretrained.h"

/// Reading a config.json. Only for source files: it includes the JSON library.
namespace nn::inline LOWRANK_PRECISION {

/// A configuration that is not whole, or asks for what is not there; the message is one line.
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The members of a config.json, by name, as long as the object lives. A member that is null counts as one that is missing, and
/// without a value to take then it is an error. Throws ConfigError naming the member.
class ConfigReader {
 public:
  explicit ConfigReader(const Json& object) : object_(&object) {}

  Index count(const char* name, std::optional<Index> otherwise = {}) const;  ///< at least 1
  Index count_dividing(const char* name, const char* whole) const;           ///< that count
  Index whole(const char* name, Index otherwise) const;                      ///< of any sign
  std::optional<int> id(const char* name) const;                             ///< of a token
  double number(const char* name, std::optional<double> otherwise = {}) const;
  double positive(const char* name, std::optional<double> otherwise = {}) const;
  double probability(const char* name, double otherwise) const;  ///< in [0, 1)
  bool flag(const char* name, bool otherwise) const;
  std::string text(const char* name, const std::string& otherwise) const;
  /// A list of texts, or one text with `between` between its words.
  std::vector<std::string> words(const char* name, char between) const;
  Activation activation(const char* name, const std::string& otherwise) const;
  std::optional<ConfigReader> object(const char* name) const;

  /// Refuses any other value: it would ask for another computation than ours.
  void only(const char* name, std::initializer_list<Json> known) const;

  /// The head that "architectures" names by its end, as ForSequenceClassification; one of `known`.
  Head head(std::initializer_list<Head> known) const;
  /// Refuses settings that change what any model computes: quantised weights, a loss that is not
  /// the cross-entropy of one label, an encoder beside a decoder.
  void only_plain() const;

  Index labels() const;  ///< as many as "id2label" has, or "num_labels" says; 2 without both

  /// θ_j = base^(-2j/hs) of rotary positions, (hs/2), as "rope_theta", "rope_parameters" and
  /// "rope_scaling" want them, in radians for each position.
  std::vector<double> rotary_frequencies(Index head_size) const;

 private:
  const Json* find(const char* name) const;
  [[noreturn]] void wrong(const char* name, const Json& value, const char* wanted) const;

  const Json* object_;
};

}  // namespace nn::inline LOWRANK_PRECISION
