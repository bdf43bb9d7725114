#pragma once

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "data/tasks.h"
#include "data/vocabulary.h"

// Examples read back as text, by code that shares nothing with what wrote them.
namespace reading {

using Words = std::vector<std::string>;

inline Words words_of(const data::Example& e) {
  std::istringstream line(data::vocabulary().text(e.tokens));
  Words words;
  for (std::string w; line >> w;) words.push_back(w);
  return words;
}

inline int number(const std::string& word) { return std::stoi(word.substr(1)); }

inline Words slice(const Words& words, std::size_t begin, std::size_t count) {
  const auto first = words.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

inline std::string joined(const Words& words) {
  std::string line;
  for (const std::string& w : words) line += w + ' ';
  return line;
}

/// What an example says, as a text that is the same for two ways of saying it.
inline std::string meaning(const data::Task& task, const data::Example& e) {
  const Words w = words_of(e);
  const auto as_set = [&](std::size_t begin, std::size_t count) {
    const Words part = slice(w, begin, count);
    const std::set<std::string> sorted(part.begin(), part.end());
    return joined({sorted.begin(), sorted.end()});
  };
  if (task == data::tasks::sqlgen) return as_set(1, 4) + joined(slice(w, 13, 6));
  if (task == data::tasks::nli) return joined({w[2], w[3], w[6], w[7]});
  return as_set(1, 5);  // reorder
}

inline std::set<std::string> meanings(const data::Task& task,
                                      const std::vector<data::Example>& list) {
  std::set<std::string> all;
  for (const data::Example& e : list) all.insert(meaning(task, e));
  return all;
}

/// How many examples of `list` say something that an example of `seen` says.
inline int leaks(const data::Task& task, const std::vector<data::Example>& list,
                 const std::vector<data::Example>& seen) {
  const std::set<std::string> known = meanings(task, seen);
  int count = 0;
  for (const data::Example& e : list) count += known.contains(meaning(task, e));
  return count;
}

}  // namespace reading
