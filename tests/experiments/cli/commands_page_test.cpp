#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>

#include "experiments/cli/command_help.h"
#include "experiments/cli/commands.h"
#include "experiments/evidence/text.h"
#include "nn/files/file.h"

namespace commands_page_test {

using namespace experiments::cli;

namespace {

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, characters(line));
  return longest;
}

void check_help(const Command& command, const std::string& words) {
  CAPTURE(words);
  const std::string help = help_text(command, words);
  CHECK(longest_line(help) <= 80);
  for (const Command::Option& option : command.declared())
    CHECK(help.find("  " + option.name) != std::string::npos);
  for (const Command& inner : command.commands()) check_help(inner, words + " " + inner.name());
}

}  // namespace

TEST_CASE("docs/commands.md is what the commands declare") {
  const std::filesystem::path path = LOWRANK_SOURCE_DIR "/docs/commands.md";
  const std::string page = commands_page(all_commands());
  if (std::getenv("LOWRANK_WRITE_PAGES") != nullptr) nn::write_file_atomically(path, page);
  CHECK(nn::read_file(path) == page);
  CHECK(nn::read_file(path) != page + "\n");
}

TEST_CASE("the help of every command names its options and fits 80 columns") {
  check_help(all_commands(), "./run");
}

}  // namespace commands_page_test
