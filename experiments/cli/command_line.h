#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "experiments/namespaces.h"

/// The commands of the program `lowrank`, as data. Each is a file command_<name>.cpp with a
/// function <name>_command that declares its options and what to run; main lists these functions,
/// and command_parser.cpp alone knows the library that reads the command line. Wrong input is an
/// exception whose message is one line; main prints it and exits with 2.
namespace experiments::cli {

/// Wrong input on the command line.
struct UsageError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// What a declaration says of an option's value. The functions of option_values.h make them.
struct Value {
  std::string kind;  ///< for --help: "INT", "NUMBER", "NAME", "LIST", "PATH", "TEXT"
  /// Writes what the text says to where the declaration wants it. Throws UsageError or
  /// std::invalid_argument, in one line that names what was given and what is valid.
  std::function<void(const std::string& option, const std::string& text)> read;
  std::string shown = {};  ///< the default, for --help; empty for none
  bool depends = false;    ///< what is valid follows from other values, which are read before it
};

/// One command: either options and an action, or a group of commands (`lowrank bench step`).
/// Parsing writes values to where their declarations say. They must outlive the command: the action
/// shares them.
class Command {
 public:
  /// What to do once the values are there; returns the exit code.
  using Action = std::function<int(const Command&)>;

  struct Option {
    std::string name, help;  // "--rank", or "A" of an argument
    Value value = {};        // of all but flags
    bool* flag = nullptr;
    bool required = false, repeats = false;
    std::size_t times = 0;  // how often it was given; set by parsing

    /// Whether it is a word that stands alone, an argument, rather than --name VALUE.
    bool is_argument() const { return !name.starts_with('-'); }
  };

  /// A command with options.
  Command(std::string name, std::string help);
  /// A group, one of whose commands must follow its name.
  Command(std::string name, std::string help, std::vector<Command> commands);

  /// --name VALUE.
  void option(std::string name, Value value, std::string help);
  /// The same without a default: a command line that lacks it is wrong, and the message has the
  /// help.
  void required(std::string name, Value value, std::string help);
  /// A word that stands alone; each is required, and they come in the order of their declaration.
  /// `name` is what the help calls it, "A".
  void argument(std::string name, Value value, std::string help);
  /// An option that may be given again; its value is read each time.
  void options(std::string name, Value value, std::string help);
  /// --name alone sets `value`.
  void flag(std::string name, bool& value, std::string help);
  /// An option of its relatives that this command does not have: a command line with it is wrong,
  /// and the message says why. --help does not list it. What was declared of it is taken back. Of
  /// the group of all commands: the name of a command that is no more.
  void refuse(const std::string& name, std::string why);

  /// The text of a value, by the name of its option.
  using Given = std::pair<std::string, std::string>;
  /// Reads values as a command line would that gives them: in the order of the options, those that
  /// depend on others last. Throws what their readers throw, and std::logic_error for an option
  /// that is not declared.
  void read(const std::vector<Given>& given) const;

  void action(Action action) { action_ = std::move(action); }
  int run() const { return action_(*this); }

  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  bool has(const std::string& option) const;  ///< whether it is declared
  /// Whether it was on the command line. Throws std::logic_error if it is not declared.
  bool given(const std::string& option) const;

  const std::map<std::string, std::string>& refused() const { return refused_; }
  std::vector<Option>& declared() { return options_; }
  const std::vector<Option>& declared() const { return options_; }
  std::vector<Command>& commands() { return commands_; }
  const std::vector<Command>& commands() const { return commands_; }

 private:
  std::string name_, help_;
  std::vector<Option> options_;
  std::map<std::string, std::string> refused_;  // why, by name
  std::vector<Command> commands_;
  Action action_;
};

/// Reads the command line into the values of `program`, the group of all commands, and returns the
/// command that was chosen; null once --help has printed what it was asked for. Throws UsageError,
/// whose one line names the value and what is valid. So is a value that cannot be meant: an empty
/// one, one with control characters, or the next option's name taken for it ("--out --json").
const Command* parse(Command& program, int argc, char** argv);

/// Throws UsageError "--x has no effect <when>" for the first of these options that was given: what
/// is asked for and does not happen is a mistake, not a detail.
void refuse_options(const Command& command, const std::vector<std::string>& options,
                    const std::string& when);

/// Throws UsageError where the option's path is there: a command replaces no file that it did not
/// make, least of all one that it reads.
void refuse_to_replace(const std::string& option, const std::filesystem::path& path);

/// The object as a command prints it for --json: one line, whose first member, "format", is the
/// version of what the commands print so.
std::string json_line(const nlohmann::ordered_json& object);

/// Throws UsageError unless the option was given.
void require_option(const Command& command, const std::string& option, const std::string& valid);

}  // namespace experiments::cli
