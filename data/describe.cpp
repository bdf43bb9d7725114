#include "data/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "data/explain.h"

namespace data {
namespace {

// Lines of at most 100 columns, all but the first indented like the text behind the heading.
// Nothing where there is no text.
std::string paragraph(std::string_view heading, std::string_view text) {
  if (text.empty()) return "";
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

std::string shown(const Vocabulary& words, const Example& e, std::string_view explanation) {
  std::string text = fmt::format("    {} → {}\n", words.text(e.prompt()), words.text(e.answer()));
  if (!explanation.empty()) text += fmt::format("      {}\n", explanation);
  return text;
}

}  // namespace

std::string explain(const Task& task, const TaskOptions& options, const Example& example) {
  return task.explain ? task.explain(example, options) : "";
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

std::string describe(const Task& task, const TaskOptions& options) {
  const TaskInfo t = info(task, options);
  std::string page = fmt::format("{} ({})\n", task.name, t.needs);
  page += paragraph("asks", t.question);
  page += paragraph("adaptation", t.adapted);
  page += paragraph("attention", t.attention);
  page += paragraph("shortcuts", t.shortcuts);
  page += paragraph("words", t.words);
  page += paragraph(
      "sizes", fmt::format("{} training examples, {} steps of {}; {} to validate, {} to test, none "
                           "of which says the same thing as a training example; metric: {}",
                           t.n_train, t.steps, t.batch, t.validation_size, t.test_size, t.metric));
  if (!task.pretraining.empty()) page += "  pre-training teaches\n";
  for (const BaseTask base : task.pretraining) {
    const int count = task.pretraining.size() == 1 ? 2 : 1;
    for (int i = 0; i < count; ++i) {
      const Example e = base_example(base, 0, static_cast<std::uint64_t>(i));
      page += shown(vocabulary(), e, explain(base, e));
    }
  }
  page += "  the adaptation asks for\n";
  for (const Example& e : examples(task, options, Split::train, 0, 3))
    page += shown(task.words(), e, explain(task, options, e));
  return page;
}

}  // namespace data
