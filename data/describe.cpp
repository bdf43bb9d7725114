#include "data/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "data/entailment.h"
#include "data/reorder.h"
#include "data/sqlgen.h"
#include "data/vocabulary.h"

namespace data {
namespace {

std::string name(int id) { return vocabulary().word(id); }

std::string explain_sqlgen(const Example& e, const AliasTable& table) {
  std::array<int, 4> schema{};
  for (std::size_t i = 0; i < 4; ++i) schema[i] = word::columns.index(e.tokens[1 + i]);
  std::string line;
  for (const std::size_t position : {7, 9}) {
    const int mention = e.tokens[position];
    if (!line.empty()) line += "; ";
    if (word::columns.contains(mention)) {
      line += name(mention) + " is named outright";
      continue;
    }
    const auto alias = static_cast<std::size_t>(word::aliases.index(mention));
    const auto [first, second] = table[alias];
    line += fmt::format("{} means c{} or c{}", name(mention), first, second);
    if (const auto [old1, old2] = base_aliases()[alias]; table[alias] != base_aliases()[alias])
      line += fmt::format(" (before: c{} or c{})", old1, old2);
    line += fmt::format(", and the table has c{}", resolve(mention, schema, table));
  }
  return line;
}

// "n5 (a g1)" for a leaf, "g1" for a group.
std::string with_group(int id) {
  if (word::nouns.contains(id))
    return fmt::format("{} (a g{})", name(id), word::nouns.index(id) / 4);
  if (word::verbs.contains(id))
    return fmt::format("{} (a W{})", name(id), word::verbs.index(id) / 2);
  return name(id);
}

std::string relation_in_words(int a, int b) {
  switch (word_relation(a, b)) {
    case Relation::same:
      return fmt::format("{} on both sides", name(a));
    case Relation::sub:
      return fmt::format("every {} is a {}", name(a), name(b));
    case Relation::sup:
      return fmt::format("every {} is a {}", name(b), name(a));
    case Relation::disjoint:
      break;
  }
  return fmt::format("{} and {} exclude each other", with_group(a), with_group(b));
}

std::string explain_nli(const Example& e) {
  static constexpr std::string_view verdicts[] = {"the second sentence must be true",
                                                  "the second sentence may be true or not",
                                                  "the second sentence cannot be true"};
  const auto& t = e.tokens;
  const auto quantifier = [](int id) {
    return static_cast<Quantifier>(word::quantifiers.index(id));
  };
  const Label truth = entailment(quantifier(t[1]), quantifier(t[5]), word_relation(t[2], t[6]),
                                 word_relation(t[3], t[7]));
  const bool said = word::labels.index(t[9]) == static_cast<int>(truth);
  return fmt::format("{}; {}: {}{}", relation_in_words(t[2], t[6]), relation_in_words(t[3], t[7]),
                     verdicts[static_cast<int>(truth)],
                     said ? "" : ", but the label is drawn at random");
}

std::string explain_isa(const Example& e) { return relation_in_words(e.tokens[1], e.tokens[2]); }

std::string explain_reorder(const Example& e, const TypeOrder& order) {
  const auto types = [](std::span<const int> ids) {
    std::vector<int> list;
    for (const int id : ids) list.push_back(word::values.index(id) / values_per_type);
    return fmt::format("{}", fmt::join(list, " "));
  };
  return fmt::format("types {}, sorted by the order {}: {}", types(e.prompt().subspan(1, 5)),
                     fmt::join(order, " "), types(e.answer().first(5)));
}

// Lines of at most 100 columns, all but the first indented like the text behind the heading.
std::string paragraph(std::string_view heading, std::string_view text) {
  constexpr std::size_t width = 100, indent = 14;
  std::string out = fmt::format("  {:<{}}", heading, indent - 2);
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) out += ' ', ++column;
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + '\n';
}

std::string shown(const Example& e, std::string_view explanation) {
  return fmt::format("    {} → {}\n      {}\n", vocabulary().text(e.prompt()),
                     vocabulary().text(e.answer()), explanation);
}

std::vector<BaseTask> base_tasks_of(Task task) {
  switch (task) {
    case Task::sqlgen:
      return {BaseTask::sqlgen};
    case Task::nli:
      return {BaseTask::nli, BaseTask::nli_unreliable, BaseTask::isa};
    case Task::reorder:
      return {BaseTask::reorder};
  }
  throw std::invalid_argument(fmt::format("no task has the number {}", static_cast<int>(task)));
}

}  // namespace

std::string explain(Task task, const TaskOptions& options, const Example& example) {
  switch (task) {
    case Task::sqlgen:
      return explain_sqlgen(example, adapted_aliases(options.facts));
    case Task::nli:
      return explain_nli(example);
    case Task::reorder:
      return explain_reorder(example, adapted_type_order);
  }
  throw std::invalid_argument(fmt::format("no task has the number {}", static_cast<int>(task)));
}

std::string explain(BaseTask task, const Example& example) {
  switch (task) {
    case BaseTask::sqlgen:
      return explain_sqlgen(example, base_aliases());
    case BaseTask::nli:
    case BaseTask::nli_unreliable:
      return explain_nli(example);
    case BaseTask::isa:
      return explain_isa(example);
    case BaseTask::reorder:
      return explain_reorder(example, base_type_order);
  }
  throw std::invalid_argument(
      fmt::format("no base task has the number {}", static_cast<int>(task)));
}

std::string describe(Task task, const TaskOptions& options) {
  const TaskInfo t = info(task, options);
  std::string page = fmt::format("{} ({})\n", t.name, t.needs);
  page += paragraph("asks", t.question);
  page += paragraph("adaptation", t.adapted);
  page += paragraph("attention", t.attention);
  page += paragraph("shortcuts", t.shortcuts);
  page += paragraph("words", t.words);
  page += paragraph(
      "sizes", fmt::format("{} training examples, {} steps of {}; {} to validate, {} to test, none "
                           "of which says the same thing as a training example; metric: {}",
                           t.n_train, t.steps, t.batch, t.validation_size, t.test_size, t.metric));
  page += "  pre-training teaches\n";
  for (const BaseTask base : base_tasks_of(task)) {
    const int count = base_tasks_of(task).size() == 1 ? 2 : 1;
    for (int i = 0; i < count; ++i) {
      const Example e = base_example(base, 0, static_cast<std::uint64_t>(i));
      page += shown(e, explain(base, e));
    }
  }
  page += "  the adaptation asks for\n";
  for (const Example& e : examples(task, options, Split::train, 0, 3))
    page += shown(e, explain(task, options, e));
  return page;
}

}  // namespace data
