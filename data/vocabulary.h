#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace data {

/// The words of the toy tasks and their ids 0..size()-1.
class Vocabulary {
 public:
  /// Words in the order of their ids; throws std::invalid_argument when a word occurs twice, is
  /// empty or holds a space.
  explicit Vocabulary(std::vector<std::string> words);

  int size() const { return static_cast<int>(words_.size()); }
  int id(std::string_view word) const;    ///< throws std::invalid_argument naming an unknown word
  const std::string& word(int id) const;  ///< throws std::invalid_argument unless 0 <= id < size()
  std::vector<int> parse(std::string_view text) const;  ///< words separated by spaces
  std::string text(std::span<const int> ids) const;     ///< words joined by one space

 private:
  std::vector<std::string> words_;
  std::map<std::string, int, std::less<>> ids_;
};

/// The one vocabulary that all tasks share, 177 words.
const Vocabulary& vocabulary();

/// The vocabulary in one line, runs of numbered words folded: "<pad> <sch> ... c0-c23 v0-v23 ...".
std::string vocabulary_summary();

/// Consecutive ids of words of one kind: columns[3] is the id of c3.
struct Family {
  int first;
  int size;

  constexpr int operator[](int i) const { return first + i; }
  constexpr int end() const { return first + size; }
  constexpr bool contains(int id) const { return first <= id && id < end(); }
  constexpr int index(int id) const { return id - first; }
};

/// Ids of the shared vocabulary, in its order. The words called spare occur in no task: they keep
/// the table of embeddings at 177 rows and give experiments words that nothing has trained.
namespace word {
inline constexpr int pad = 0, sch = 1, q = 2, sql = 3, eos = 4, prem = 5, hyp = 6, ans = 7;
inline constexpr int prem_r = 8, prem_c = 9 /* spare */, isa = 10, mr = 11, txt = 12;
inline constexpr int where = 13, WHERE = 14;
inline constexpr Family aggregates{15, 5};                         ///< max min avg ...
inline constexpr Family aggregate_symbols{aggregates.end(), 5};    ///< MAX MIN AVG ...
inline constexpr Family comparisons{aggregate_symbols.end(), 6};   ///< is isnot more ...
inline constexpr Family comparison_symbols{comparisons.end(), 6};  ///< = != > ...
inline constexpr Family quantifiers{comparison_symbols.end(), 4};  ///< all some no notall
inline constexpr Family spare_relations{quantifiers.end(), 5};     ///< rel0..rel4
inline constexpr Family labels{spare_relations.end(), 3};          ///< yes maybe no_
inline constexpr Family spare_keys{labels.end(), 6};               ///< k0..k5
inline constexpr Family columns{spare_keys.end(), 24};             ///< c0..c23
inline constexpr Family values{columns.end(), 24};                 ///< v0..v23
inline constexpr Family aliases{values.end(), 32};                 ///< a0..a31
inline constexpr Family noun_groups{aliases.end(), 6};             ///< g0..g5
inline constexpr Family nouns{noun_groups.end(), 24};              ///< n0..n23
inline constexpr Family verb_groups{nouns.end(), 4};               ///< W0..W3
inline constexpr Family verbs{verb_groups.end(), 8};               ///< w0..w7
}  // namespace word

}  // namespace data
