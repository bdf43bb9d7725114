#include "data/nli.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "data/pretraining.h"
#include "data/tasks.h"
#include "data/vocabulary.h"
#include "reading.h"

namespace nli_test {

using data::Example;
using data::Prefix;
using data::Quantifier;
using data::Relation;
using data::Split;
using data::Task;
using reading::Words;

namespace {

const std::map<std::string, Quantifier> quantifier_of = {{"all", Quantifier::all},
                                                         {"some", Quantifier::some},
                                                         {"no", Quantifier::no},
                                                         {"notall", Quantifier::notall}};
constexpr const char* label_words[] = {"yes", "maybe", "no_"};

// The leaves that a word stands for, written out; a group has one element more than its leaves, so
// that no leaf is all of it.
std::set<std::string> extension(const std::string& word) {
  const int i = reading::number(word);
  if (word[0] == 'n' || word[0] == 'w') return {word};
  const int size = word[0] == 'g' ? 4 : 2;
  std::set<std::string> leaves = {word + " in general"};
  for (int leaf = 0; leaf < size; ++leaf)
    leaves.insert(fmt::format("{}{}", word[0] == 'g' ? "n" : "w", i * size + leaf));
  return leaves;
}

Relation relation(const std::string& a, const std::string& b) {
  const std::set<std::string> first = extension(a), second = extension(b);
  const bool within = std::includes(second.begin(), second.end(), first.begin(), first.end());
  const bool contains = std::includes(first.begin(), first.end(), second.begin(), second.end());
  if (within && contains) return Relation::same;
  return within ? Relation::sub : contains ? Relation::sup : Relation::disjoint;
}

std::string true_label(const Words& w) {
  return label_words[static_cast<int>(data::entailment(
      quantifier_of.at(w[1]), quantifier_of.at(w[5]), relation(w[2], w[6]), relation(w[3], w[7])))];
}

bool is_right(const Example& e, const std::string& marker) {
  const Words w = reading::words_of(e);
  return w.size() == 11 && w[0] == marker && w[4] == "<hyp>" && w[8] == "<ans>" &&
         w[10] == "<eos>" && e.first_target == 9 && e.target_count == 1 && w[9] == true_label(w);
}

Example parsed(const char* line) { return {data::vocabulary().parse(line), 9, 1, 0}; }

std::vector<Example> drawn(Prefix prefix, int count) {
  autograd::Random stream(17, "nli test");
  std::vector<Example> list;
  for (int i = 0; i < count; ++i) list.push_back(data::nli_example(stream, prefix, std::nullopt));
  return list;
}

using Features = std::function<std::string(const Words&)>;

// The share of `scored` that the commonest label of the same features in `learned` gets right;
// features that `learned` does not have get the label that is commonest overall.
double majority_score(const std::vector<Words>& learned, const std::vector<Words>& scored,
                      const Features& features) {
  using Counts = std::map<std::string, int>;
  std::map<std::string, Counts> table;
  Counts overall;
  for (const Words& w : learned) ++table[features(w)][w[9]], ++overall[w[9]];
  double right = 0;
  for (const Words& w : scored) {
    const auto row = table.find(features(w));
    const Counts& counts = row == table.end() ? overall : row->second;
    const auto best =
        std::max_element(counts.begin(), counts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    right += best->first == w[9];
  }
  return right / static_cast<double>(scored.size());
}

std::vector<Words> words_of_all(const std::vector<Example>& list) {
  std::vector<Words> all;
  for (const Example& e : list) all.push_back(reading::words_of(e));
  return all;
}

std::string level(const std::string& word) {
  return word[0] == 'g' || word[0] == 'W' ? "group" : "leaf";
}
std::string same(bool equal) { return equal ? "same" : "other"; }

const std::pair<std::string, Features> shortcuts[] = {
    {"nothing", [](const Words&) { return ""; }},
    {"q2", [](const Words& w) { return w[5]; }},
    {"q1 q2", [](const Words& w) { return w[1] + w[5]; }},
    {"q2 level(n2) level(v2)", [](const Words& w) { return w[5] + level(w[6]) + level(w[7]); }},
    {"q1 q2 same-n same-v",
     [](const Words& w) { return w[1] + w[5] + same(w[2] == w[6]) + same(w[3] == w[7]); }},
    {"q2 n2 v2", [](const Words& w) { return w[5] + w[6] + w[7]; }}};

}  // namespace

TEST_CASE("every label is what the words mean, in pre-training after <prem> and in every split") {
  for (const Split split : {Split::train, Split::validation, Split::test})
    for (const Example& e : data::examples(data::tasks::nli, {}, split, 3, 1000))
      if (!is_right(e, "<premR>")) FAIL_CHECK(data::vocabulary().text(e.tokens));
  for (std::uint64_t i = 0; i < 1000; ++i)
    CHECK(is_right(data::base_example(data::BaseTask::nli, 3, i), "<prem>"));
  CHECK(is_right(parsed("<prem> all n8 w7 <hyp> some n8 W3 <ans> yes <eos>"), "<prem>"));
  CHECK(is_right(parsed("<premR> all g1 w3 <hyp> some n5 w0 <ans> no_ <eos>"), "<premR>"));
  CHECK_FALSE(is_right(parsed("<premR> all g1 w3 <hyp> some n5 w0 <ans> maybe <eos>"), "<premR>"));
}

TEST_CASE("after <premR> pre-training teaches nothing: a third of its labels is true") {
  const int n = 20000;
  double right = 0;
  for (const Example& e : drawn(Prefix::unreliable, n)) right += is_right(e, "<premR>");
  CHECK(std::abs(right / n - 1.0 / 3) < 4 * std::sqrt(2.0 / 9 / n));
}

TEST_CASE("isa drills the relations of words") {
  std::map<std::string, int> count;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Example e = data::base_example(data::BaseTask::isa, 3, i);
    const Words w = reading::words_of(e);
    REQUIRE(w.size() == 6);
    CHECK(w[0] == "<isa>");
    CHECK(w[3] == "<ans>");
    CHECK(w[5] == "<eos>");
    CHECK(e.first_target == 4);
    CHECK(e.target_count == 1);
    const Relation r = relation(w[1], w[2]);
    CHECK(w[4] == (r == Relation::disjoint ? "no_" : r == Relation::sup ? "maybe" : "yes"));
    ++count[w[4]];
  }
  CHECK(std::abs(count["yes"] - 1000) < 4 * 23);  // sd of a count of probability 1/2
  CHECK(std::abs(count["maybe"] - 500) < 4 * 20);
}

TEST_CASE("shortcuts of nli: what tables of a few features get right") {
  const int n = 40000;
  const std::vector<Words> list = words_of_all(drawn(Prefix::adapted, n));
  // Exact values of the first five: sum over the features of the largest joint probability with a
  // label, from the sampler's probabilities; the sampling error is 4 sqrt(.25 / n) = .010.
  const double best[] = {0.3833, 0.3833, 0.3833, 0.497, 0.589};
  const std::vector<Words> train = words_of_all(data::training_set(data::tasks::nli, {}, 1));
  const std::vector<Words> test = words_of_all(data::test_set(data::tasks::nli, {}));
  for (std::size_t i = 0; i < std::size(shortcuts); ++i) {
    const auto& [name, features] = shortcuts[i];
    const double learned = majority_score(train, test, features);
    const double most = majority_score(list, list, features);
    MESSAGE("nli: ", name, ": table of the training set on the test set ", learned,
            ", table of 40000 on themselves ", most);
    CAPTURE(name);
    CHECK(learned < 0.65);
    if (i < std::size(best)) CHECK(std::abs(most - best[i]) < 0.010);
  }
  // The table of everything that matters is right: the score can tell.
  const Features all = [](const Words& w) { return true_label(w); };
  CHECK(majority_score(train, test, all) == 1.0);
}

TEST_CASE("q1 is 'all' in seven of ten, and then labels and second quantifiers are even") {
  const int n = 40000;
  std::map<std::string, double> label, q2;
  double all = 0;
  for (const Example& e : drawn(Prefix::adapted, n)) {
    const Words w = reading::words_of(e);
    if (w[1] != "all") continue;
    ++all, ++label[w[9]], ++q2[w[5]];
  }
  CHECK(std::abs(all / n - 0.7) < 4 * std::sqrt(0.21 / n));
  for (const auto& [word, count] : label)
    CHECK(std::abs(count / all - 1.0 / 3) < 4 * std::sqrt(0.23 / all));
  for (const auto& [word, count] : q2)
    CHECK(std::abs(count / all - 0.25) < 4 * std::sqrt(0.19 / all));
}

}  // namespace nli_test
