#include "experiments/cli/command_help.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "experiments/evidence/text.h"

namespace experiments::cli {

namespace {

// "--rank INT", "--json", "A"
std::string form(const Command::Option& option) {
  const bool has_value = option.flag == nullptr && !option.is_argument();
  return has_value ? option.name + " " + option.value.kind : option.name;
}

// "./run compare A B [OPTION ...]"
std::string usage(const Command& command, const std::string& words) {
  std::string text = words;
  bool has_options = false;
  for (const Command::Option& option : command.declared()) {
    if (option.is_argument()) text += " " + option.name;
    has_options |= !option.is_argument();
  }
  return text + (has_options ? " [OPTION ...]" : "");
}

constexpr std::size_t columns = 80;

// "what it is (required)", "(default 4)", "(may be given again)"
std::string explained(const Command::Option& option) {
  std::string text = option.help;
  if (option.required) text += " (required)";
  if (!option.value.shown.empty()) text += fmt::format(" (default {})", option.value.shown);
  if (option.repeats) text += " (may be given again)";
  return text;
}

std::string sentence(const std::string& text) { return text.ends_with('?') ? text : text + "."; }

// "first   text that goes on below itself"
std::string entry(const std::string& first, std::size_t indent, const std::string& text) {
  if (first.size() + 2 > indent)
    return first + "\n" + wrapped(std::string(indent, ' '), indent, text, columns);
  return wrapped(fmt::format("{:<{}}", first, indent), indent, text, columns);
}

std::string options_text(const Command& command) {
  std::string text;
  constexpr std::size_t indent = 24;
  for (const Command::Option& option : command.declared())
    text += entry("  " + form(option), indent, explained(option));
  return text;
}

// The pages are read in a browser, which takes <...> for a tag and | for the end of a cell.
std::string page_text(std::string text) {
  for (const auto& [from, to] : {std::pair<char, const char*>{'<', "&lt;"}, {'|', "\\|"}})
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += 2)
      text.replace(at, 1, to);
  return text;
}

std::string page_section(const Command& command, const std::string& words) {
  std::string page = fmt::format("## {}\n\n", words);
  page += wrapped("", 0, page_text(sentence(command.help())));
  if (!command.commands().empty()) {
    page += "\n";
    for (const Command& inner : command.commands())
      page += fmt::format("- `{} {}`: {}\n", words, inner.name(), page_text(inner.help()));
    for (const Command& inner : command.commands())
      page += "\n" + page_section(inner, words + " " + inner.name());
    return page;
  }
  if (command.declared().empty()) return page;
  page += "\n| option | |\n| :-- | :-- |\n";
  for (const Command::Option& option : command.declared())
    page += fmt::format("| `{}` | {} |\n", form(option), page_text(explained(option)));
  return page;
}

}  // namespace

std::string help_text(const Command& command, const std::string& words) {
  std::string text = wrapped("", 0, sentence(command.help()), columns) + "\n";
  if (!command.commands().empty()) {
    text += fmt::format("usage: {} COMMAND [OPTION ...]\n\n", words);
    std::size_t longest = 0;
    for (const Command& inner : command.commands())
      longest = std::max(longest, inner.name().size());
    for (const Command& inner : command.commands())
      text += entry("  " + inner.name(), longest + 4, inner.help());
    return text + fmt::format("\n{} COMMAND --help lists the options of a command.\n", words);
  }
  text += fmt::format("usage: {}\n", usage(command, words));
  if (!command.declared().empty()) text += "\n" + options_text(command);
  return text;
}

std::string commands_page(const Command& program) {
  std::string page =
      "# Commands and their options\n\n"
      "This page is written by the program from what it declares; `./run COMMAND --help` prints "
      "the same.\n"
      "A test compares the two.\n";
  for (const Command& command : program.commands())
    page += "\n" + page_section(command, "./run " + command.name());
  return page;
}

}  // namespace experiments::cli
