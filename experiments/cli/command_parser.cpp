#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "experiments/cli/command_help.h"
#include "experiments/cli/command_line.h"
#include "experiments/harness/build_info.h"
#include "experiments/harness/output.h"

namespace experiments::cli {

namespace {

using Names = std::vector<std::string>;

Names commands(const CLI::App& app) {
  Names names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

Names options(const CLI::App& command) {
  Names names;
  for (const CLI::Option* option : command.get_options())
    if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
  return names;
}

// How many letters are another, missing, there too many, or in the place of their neighbour.
std::size_t slips(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> of(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        of[i][j] = i + j;
        continue;
      }
      of[i][j] = std::min(
          {of[i - 1][j] + 1, of[i][j - 1] + 1, of[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        of[i][j] = std::min(of[i][j], of[i - 2][j - 2] + 1);
    }
  return of[a.size()][b.size()];
}

// "; did you mean --rank?" where one of the names is that close, "" where none is.
std::string did_you_mean(const std::string& typed, const Names& names) {
  std::string nearest;
  std::size_t fewest = std::min<std::size_t>(3, typed.size() / 2);  // at most two, of long words
  for (const std::string& name : names)
    if (const std::size_t count = slips(typed, name); count < fewest)
      nearest = name, fewest = count;
  return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
}

std::string valid(const std::string& typed, const std::string& what, const Names& names) {
  return fmt::format("; valid{} {}{}", what, fmt::join(names, ", "), did_you_mean(typed, names));
}

// As it was typed, but on one line and without what a terminal would obey.
std::string printed(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    line += code < 0x20 || code == 0x7f ? fmt::format("\\x{:02x}", code) : std::string(1, c);
  }
  return line;
}

std::string unexpected(const std::string& text, const CLI::App& command, const Command& ours) {
  const std::string name = printed(text.substr(0, text.find('=')));
  if (const auto why = ours.refused().find(name); why != ours.refused().end())
    return fmt::format("{} has no effect on {}: {}", name, ours.name(), why->second);
  const char* kind = name.starts_with('-') ? "option" : "argument";
  return fmt::format(
      "unknown {} '{}'{}", kind, name,
      valid(name, fmt::format(" options of {} are", command.get_name()), options(command)));
}

std::string wrong_count(const CLI::App& command, const std::string& what) {
  const std::string name = what.substr(0, what.find(':'));
  const CLI::Option* option = command.get_option_no_throw(name);
  return option != nullptr && option->results().size() > 1
             ? fmt::format("{} is given {} times, with '{}'", name, option->results().size(),
                           printed(fmt::format("{}", fmt::join(option->results(), "' and '"))))
             : fmt::format("{} wants a value", name);
}

// The innermost command that was named; `app` itself if there is none.
const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

// A word that is none of the group's commands, or none at all; `program` knows those of old.
std::string wrong_command(const CLI::App& group, const Command& program) {
  const std::string where =
      group.get_parent() == nullptr ? "" : fmt::format(" of {}", group.get_name());
  const auto outside = group.remaining();
  if (outside.empty())
    return fmt::format("a command{} is wanted; valid are {}", where,
                       fmt::join(commands(group), ", "));
  const std::string first = printed(outside.front());
  const auto why = program.refused().find(first);
  if (why != program.refused().end() && group.get_parent() == nullptr)
    return fmt::format("no command '{}': {}", first, why->second);
  return first.starts_with('-')
             ? fmt::format("unknown option '{}' before a command{}; valid are {}; commands are {}",
                           first, where, fmt::join(options(group), ", "),
                           fmt::join(commands(group), ", "))
             : fmt::format("unknown command{} '{}'{}", where, first,
                           valid(first, " are", commands(group)));
}

// The declaration of the innermost command that was named.
Command& declaration(const CLI::App& app, Command& command) {
  const auto parsed = app.get_subcommands();
  for (Command& inner : command.commands())
    if (!parsed.empty() && inner.name() == parsed.front()->get_name())
      return declaration(*parsed.front(), inner);
  return command;
}

// For an error of parsing; `app` holds what was parsed before it.
std::string usage_message(const CLI::App& app, Command& program, const CLI::ParseError& error) {
  for (const CLI::App* group = &app; !commands(*group).empty();) {
    const auto parsed = group->get_subcommands();
    if (!group->remaining().empty() || parsed.empty()) return wrong_command(*group, program);
    group = parsed.front();
  }
  const CLI::App& command = innermost(app);
  const auto extra = command.remaining();
  const auto first = std::find_if(extra.begin(), extra.end(),
                                  [](const std::string& text) { return text != "--"; });
  if (first != extra.end()) return unexpected(*first, command, declaration(app, program));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return wrong_count(command, error.what());
  return printed(error.what());
}

// Throws UsageError where an option that is required was not given.
void check_required(const CLI::App& parsed, const Command& command) {
  for (const Command::Option& option : command.declared())
    if (option.required && parsed.count(option.name) == 0)
      throw UsageError(fmt::format("{} wants {}: {}", command.name(), option.name, option.help));
}

// Throws UsageError for a value that cannot be meant.
void check_values(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options())
    for (const std::string& value : option->results()) {
      if (value.empty()) throw UsageError(fmt::format("{} has an empty value", option->get_name()));
      if (value.starts_with("--"))
        throw UsageError(
            fmt::format("{} wants a value, not '{}'", option->get_name(), printed(value)));
      if (printed(value) != value)
        throw UsageError(fmt::format("{} '{}': control characters are not valid",
                                     option->get_name(), printed(value)));
    }
}

void declare(CLI::App& app, Command& command) {
  for (const Command::Option& option : command.declared()) {
    const auto read_later = [](const auto&) {};
    if (option.flag != nullptr)
      app.add_flag(option.name, *option.flag);
    else if (option.repeats)
      app.add_option_function<Names>(option.name, read_later)->delimiter(';');
    else
      app.add_option_function<std::string>(option.name, read_later);
  }
  for (Command& inner : command.commands())
    declare(*app.add_subcommand(inner.name(), inner.help()), inner);
  if (!command.commands().empty()) app.require_subcommand(1);
}

// "./run bench step", as the user called it.
std::string typed(const CLI::App& app) {
  std::string words = "./run";
  for (const CLI::App* command = &app; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    words += " " + command->get_name();
  }
  return words;
}

std::string version_text() {
  const BuildInfo build = build_info();
  return fmt::format("lowrank {}\ncommit {}\n{}\nflags {}\n", build.version, build.commit,
                     build.compiler, build.flags);
}

// The values that were given, and how often each option was.
void read_values(const CLI::App& parsed, Command& command) {
  std::vector<Command::Given> given;
  for (Command::Option& option : command.declared()) {
    option.times = parsed.count(option.name);
    if (option.flag != nullptr) continue;
    for (const std::string& text : parsed.get_option(option.name)->results())
      given.emplace_back(option.name, text);
  }
  command.read(given);
}

}  // namespace

const Command* parse(Command& program, int argc, char** argv) {
  CLI::App app{program.help(), program.name()};
  declare(app, program);
  app.set_version_flag("--version", program.name());
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print_out("{}", help_text(declaration(app, program), typed(app)));
    return nullptr;
  } catch (const CLI::CallForVersion&) {
    print_out("{}", version_text());
    return nullptr;
  } catch (const CLI::ParseError& error) {
    throw UsageError(usage_message(app, program, error));
  }
  Command& command = declaration(app, program);
  check_required(innermost(app), command);
  check_values(innermost(app));
  read_values(innermost(app), command);
  return &command;
}

}  // namespace experiments::cli
