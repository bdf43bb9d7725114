#include <fmt/format.h>

#include <algorithm>

#include "experiments/evidence/paired.h"
#include "experiments/evidence/text.h"
#include "experiments/paper/table6_layout.h"

namespace experiments {
namespace {

constexpr std::size_t label_width = 16, column_width = 12, columns_per_block = 7;  // 100 in all

const char* verdicts_rule =
    "Verdicts: mean of paired differences over (base seed, seed) with its 95 % interval; p of the\n"
    "t-test against the threshold, Holm-corrected over all statements and tasks, 5 %. So a "
    "verdict\n"
    "can be inconclusive though the interval, which is of one statement alone, is on one side.\n";

const char* table6_paper_text =
    "* the best r of a row. WikiSQL (noise ±0.5) and MultiNLI (±0.1) are GPT-3 175B in Hu et al. "
    "2021,\n"
    "Table 6, and Table 4 for full fine-tuning.\n\n";

std::string trimmed_line(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

void console_block(std::string& out, const TaskLayout& layout, std::size_t from) {
  const std::size_t to = std::min(from + columns_per_block, layout.ranks.size());
  std::string head = fmt::format("{:<{}}", "", label_width);
  for (std::size_t i = from; i < to; ++i) {
    head += fmt::format("{:<{}}", fmt::format("r = {}", layout.ranks[i]), column_width);
  }
  out += trimmed_line(head);
  for (const TableLine& line : layout.rows) {
    const bool indented = line.kind != TableLine::Kind::score;
    std::string text = fmt::format("{:<{}}", (indented ? "  " : "") + line.label, label_width);
    for (std::size_t i = from; i < to; ++i) {
      const std::string& entry = line.entries[i];
      const char* mark = static_cast<int>(i) == line.best ? "*" : "";
      text +=
          fmt::format("{:<{}}", entry.empty() ? std::string(1, '-') : entry + mark, column_width);
    }
    out += trimmed_line(text);
  }
}

/// Calls each(statement, verdicts of it) for the four statements.
template <class Each>
void by_statement(const std::vector<Verdict>& verdicts, const Each& each) {
  for (const char statement : {'a', 'b', 'c', 'd'}) {
    std::vector<Verdict> own;
    std::copy_if(verdicts.begin(), verdicts.end(), std::back_inserter(own),
                 [&](const Verdict& verdict) { return verdict.statement == statement; });
    if (!own.empty()) each(statement, own);
  }
}

}  // namespace

std::string table6_console(const std::vector<TaskTable>& tables,
                           const std::vector<Verdict>& verdicts) {
  std::string out;
  for (const TaskTable& table : tables) {
    const TaskLayout layout = layout_of(table);
    out += layout.title + "\n";
    for (const std::string& remark : layout.remarks) out += wrapped("", 0, remark);
    out += "\n";
    for (const TableLine& line : layout.references) {
      out += fmt::format("{:<{}}{}\n", line.label, label_width, line.entries.front());
    }
    for (std::size_t from = 0; from < layout.ranks.size(); from += columns_per_block) {
      console_block(out, layout, from);
    }
    out += "\n";
  }
  if (!tables.empty()) out += table6_paper_text;
  if (verdicts.empty()) return out;
  out += verdicts_rule;
  by_statement(verdicts, [&](char statement, const std::vector<Verdict>& own) {
    out += fmt::format("\n({}) {}\n", statement, statement_text(statement));
    for (const Verdict& verdict : own) {
      out += fmt::format("  {:<16}{}\n", task_label(verdict.task, verdict.facts),
                         outcome_text(verdict.found.outcome));
      out += wrapped("      ", 6, evidence_text(verdict.contrast, verdict.found));
      out += wrapped("      ", 6, verdict.contrast.text);
      if (!verdict.contrast.note.empty()) out += wrapped("      ", 6, verdict.contrast.note);
    }
  });
  return out;
}

std::string table6_markdown(const std::vector<TaskTable>& tables,
                            const std::vector<Verdict>& verdicts) {
  std::string out = "# Table 6 on toy tasks\n";
  for (const TaskTable& table : tables) {
    const TaskLayout layout = layout_of(table);
    out += fmt::format("\n## {}\n\n", layout.title);
    for (const std::string& remark : layout.remarks) out += remark + "\n";
    out += "\n";
    for (const TableLine& line : layout.references) {
      out += fmt::format("- {}: {}\n", line.label, line.entries.front());
    }
    if (layout.ranks.empty()) continue;
    out += "\n| weights |";
    for (const int r : layout.ranks) out += fmt::format(" r = {} |", r);
    out += "\n|---|";
    for (std::size_t i = 0; i < layout.ranks.size(); ++i) out += "---|";
    out += "\n";
    for (const TableLine& line : layout.rows) {
      const bool paper = line.kind == TableLine::Kind::paper;
      out +=
          paper ? fmt::format("| *{} (paper)* |", line.label) : fmt::format("| {} |", line.label);
      for (std::size_t i = 0; i < line.entries.size(); ++i) {
        const std::string& entry = line.entries[i];
        const char* mark = entry.empty()                      ? ""
                           : static_cast<int>(i) == line.best ? "**"
                           : paper                            ? "*"
                                                              : "";
        out += fmt::format(" {}{}{} |", mark, entry, mark);
      }
      out += "\n";
    }
  }
  if (!tables.empty()) {
    out +=
        "\nBold: the best r of a row. Italic: GPT-3 175B in Hu et al. 2021, Table 6 (noise ±0.5 on "
        "WikiSQL, ±0.1 on MultiNLI), and Table 4 for full fine-tuning.\n";
  }
  if (verdicts.empty()) return out;
  out += fmt::format("\n## Verdicts\n\n{}\n", verdicts_rule);
  out += "| statement | task | verdict | evidence | difference, and where it holds | beside it |\n";
  out += "|---|---|---|---|---|---|\n";
  by_statement(verdicts, [&](char statement, const std::vector<Verdict>& own) {
    for (const Verdict& verdict : own) {
      out += fmt::format("| ({}) {} | {} | {} | {} | {} | {} |\n", statement,
                         statement_text(statement), task_label(verdict.task, verdict.facts),
                         outcome_text(verdict.found.outcome),
                         evidence_text(verdict.contrast, verdict.found), verdict.contrast.text,
                         verdict.contrast.note);
    }
  });
  return out;
}

}  // namespace experiments
