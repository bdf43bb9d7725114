#include "experiments/cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/files/json.h"

namespace experiments::cli {

Command::Command(std::string name, std::string help)
    : name_(std::move(name)), help_(std::move(help)) {}

Command::Command(std::string name, std::string help, std::vector<Command> commands)
    : name_(std::move(name)), help_(std::move(help)), commands_(std::move(commands)) {}

void Command::option(std::string name, Value value, std::string help) {
  options_.push_back({.name = std::move(name), .help = std::move(help), .value = std::move(value)});
}

void Command::required(std::string name, Value value, std::string help) {
  value.shown.clear();
  option(std::move(name), std::move(value), std::move(help));
  options_.back().required = true;
}

void Command::argument(std::string name, Value value, std::string help) {
  required(std::move(name), std::move(value), std::move(help));
}

void Command::options(std::string name, Value value, std::string help) {
  option(std::move(name), std::move(value), std::move(help));
  options_.back().repeats = true;
}

void Command::flag(std::string name, bool& value, std::string help) {
  options_.push_back({.name = std::move(name), .help = std::move(help), .flag = &value});
}

void Command::refuse(const std::string& name, std::string why) {
  std::erase_if(options_, [&](const Option& option) { return option.name == name; });
  refused_[name] = std::move(why);
}

void Command::read(const std::vector<Given>& given) const {
  for (const auto& [name, text] : given)
    if (!has(name)) throw std::logic_error(fmt::format("{} declares no option {}", name_, name));
  for (const bool depends : {false, true})
    for (const Option& option : options_)
      for (const auto& [name, text] : given)
        if (name == option.name && option.value.depends == depends) option.value.read(name, text);
}

bool Command::has(const std::string& option) const {
  return std::any_of(options_.begin(), options_.end(),
                     [&](const Option& declared) { return declared.name == option; });
}

bool Command::given(const std::string& option) const {
  for (const Option& declared : options_)
    if (declared.name == option) return declared.times > 0;
  throw std::logic_error(fmt::format("{} declares no option {}", name_, option));
}

void refuse_options(const Command& command, const std::vector<std::string>& options,
                    const std::string& when) {
  for (const std::string& option : options)
    if (command.given(option)) throw UsageError(fmt::format("{} has no effect {}", option, when));
}

void refuse_to_replace(const std::string& option, const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored)))
    throw UsageError(
        fmt::format("{} is there already; remove it or choose another {}", path.string(), option));
}

std::string json_line(const nlohmann::ordered_json& object) {
  nn::Json line{{"format", 1}};
  line.update(object);
  return nn::text_of(line) + "\n";
}

void require_option(const Command& command, const std::string& option, const std::string& valid) {
  if (!command.given(option))
    throw UsageError(fmt::format("{} wants {} {}", command.name(), option, valid));
}

}  // namespace experiments::cli
