#include "experiments/usage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/command_line.h"

namespace experiments {

namespace {

std::string commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    names.push_back("--" + option->get_lnames().front());
  return fmt::format("{}", fmt::join(names, ", "));
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

std::string unexpected(const std::string& text, const CLI::App& command) {
  const std::string name = printed(text.substr(0, text.find('=')));
  const char* kind = name.starts_with('-') ? "option" : "argument";
  return fmt::format("unknown {} '{}'; valid options of {} are {}", kind, name, command.get_name(),
                     options(command));
}

std::string wrong_count(const CLI::App& command, const std::string& what) {
  const std::string name = what.substr(0, what.find(':'));
  const CLI::Option* option = command.get_option_no_throw(name);
  return option != nullptr && option->results().size() > 1
             ? fmt::format("{} is given {} times, with '{}'", name, option->results().size(),
                           printed(fmt::format("{}", fmt::join(option->results(), "' and '"))))
             : fmt::format("{} wants a value", name);
}

}  // namespace

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const auto parsed = app.get_subcommands();
  const auto outside = app.remaining();
  if (!outside.empty() || parsed.empty()) {
    if (outside.empty()) return fmt::format("a command is wanted; valid are {}", commands(app));
    const std::string first = printed(outside.front());
    return first.starts_with('-')
               ? fmt::format("unknown option '{}' before a command; valid are {}; commands are {}",
                             first, options(app), commands(app))
               : fmt::format("unknown command '{}'; valid are {}", first, commands(app));
  }
  const CLI::App& command = *parsed.front();
  const auto extra = command.remaining();
  const auto first = std::find_if(extra.begin(), extra.end(),
                                  [](const std::string& text) { return text != "--"; });
  if (first != extra.end()) return unexpected(*first, command);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return wrong_count(command, error.what());
  return printed(error.what());
}

void check_values(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands())
    for (const CLI::Option* option : command->get_options())
      for (const std::string& value : option->results()) {
        if (value.empty())
          throw UsageError(fmt::format("{} has an empty value", option->get_name()));
        if (value.starts_with("--"))
          throw UsageError(
              fmt::format("{} wants a value, not '{}'", option->get_name(), printed(value)));
        if (printed(value) != value)
          throw UsageError(fmt::format("{} '{}': control characters are not valid",
                                       option->get_name(), printed(value)));
      }
}

}  // namespace experiments
