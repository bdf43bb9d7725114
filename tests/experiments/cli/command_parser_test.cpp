#include "experiments/cli/command_parser.h"

#include <doctest/doctest.h>

#include <memory>

#include "experiments/cli/command_help.h"

using namespace experiments::cli;

namespace {

struct Options {
  std::string rank = "4", task, before, after;
  std::vector<std::string> targets;
  bool json = false;
};

// lowrank eval --task TASK ..., lowrank bench step and lowrank compare A B, with the values of all
// in `given`.
Command program(const std::shared_ptr<Options>& given) {
  Command eval("eval", "scores");
  eval.option("--rank", given->rank, "r");
  eval.required("--task", given->task, "its name");
  eval.options("--targets", given->targets, "may be given again");
  eval.flag("--json", given->json, "as JSON");
  eval.action([given](const Command& command) {
    refuse_options(command, {"--rank"}, "here");
    return 7;
  });
  Command step("step", "times a step"), product("product", "times a product");
  step.option("--rank", given->rank, "r");
  step.refuse("--task", "it has none");
  step.action([](const Command&) { return 8; });
  Command compare("compare", "differences");
  compare.argument("A", given->before, "a folder");
  compare.argument("B", given->after, "another");
  compare.flag("--json", given->json, "as JSON");
  compare.action([](const Command& command) { return command.given("B") ? 9 : 0; });
  return {"lowrank", "", {eval, {"bench", "times", {step, product}}, compare}};
}

struct Outcome {
  Options options;
  std::string command;
  int code = 0;
};

Outcome parsed(std::vector<std::string> words) {
  const auto given = std::make_shared<Options>();
  Command commands = program(given);
  words.insert(words.begin(), "lowrank");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const Command* chosen = parse(commands, static_cast<int>(argv.size()), argv.data());
  REQUIRE(chosen != nullptr);
  const int code = chosen->run();
  return {*given, chosen->name(), code};
}

std::string refusal(const std::vector<std::string>& words) {
  try {
    parsed(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("values go where the declaration says and what is not given keeps its default") {
  const Outcome eval = parsed({"eval", "--task", "nli", "--targets", "q", "--targets=v", "--json"});
  CHECK(eval.command == "eval");
  CHECK(eval.code == 7);
  CHECK(eval.options.task == "nli");
  CHECK(eval.options.targets == std::vector<std::string>{"q", "v"});
  CHECK(eval.options.json);
  CHECK(eval.options.rank == "4");
}

TEST_CASE("a group hands over to the command that follows its name") {
  const Outcome step = parsed({"bench", "step", "--rank", "2"});
  CHECK(step.command == "step");
  CHECK(step.code == 8);
  CHECK(step.options.rank == "2");
}

TEST_CASE("arguments are taken in their order, before, between and after options") {
  const std::vector<std::vector<std::string>> lines{{"compare", "x", "y", "--json"},
                                                    {"compare", "x", "--json", "y"},
                                                    {"compare", "--json", "x", "y"}};
  for (const std::vector<std::string>& line : lines) {
    const Outcome compare = parsed(line);
    CHECK(compare.code == 9);
    CHECK(compare.options.before == "x");
    CHECK(compare.options.after == "y");
    CHECK(compare.options.json);
  }
  CHECK(parsed({"compare", "eval", "bench"}).options.after == "bench");  // folders, not commands
}

TEST_CASE("the help names arguments in the usage, and options behind them") {
  const Command commands = program(std::make_shared<Options>());
  const std::string help = help_text(commands.commands().back(), "./run compare");
  CHECK(help.find("usage: ./run compare A B [OPTION ...]\n") != std::string::npos);
  CHECK(help.find("  A                     a folder (required)\n") != std::string::npos);
  CHECK(help.find("  --json                as JSON\n") != std::string::npos);
  const std::string eval = help_text(commands.commands().front(), "./run eval");
  CHECK(eval.find("usage: ./run eval [OPTION ...]\n") != std::string::npos);
}

TEST_CASE("an option is known, given or neither") {
  const auto given = std::make_shared<Options>();
  Command command("eval", "");
  command.option("--rank", given->rank, "r");
  CHECK(command.has("--rank"));
  CHECK_FALSE(command.has("--alpha"));
  CHECK_FALSE(command.given("--rank"));
  CHECK_THROWS_AS(command.given("--alpha"), std::logic_error);
  CHECK_THROWS_AS(require_option(command, "--rank", "1 to 64"), UsageError);
}

TEST_CASE("wrong input is one line that names it and what is valid") {
  CHECK(refusal({}) == "a command is wanted; valid are eval, bench, compare");
  CHECK(refusal({"evil"}) ==
        "unknown command 'evil'; valid are eval, bench, compare; did you mean eval?");
  CHECK(refusal({"bench"}) == "a command of bench is wanted; valid are step, product");
  CHECK(refusal({"bench", "stop"}) ==
        "unknown command of bench 'stop'; valid are step, product; did you mean step?");
  CHECK(refusal({"bench", "step", "--rink", "2"}) ==
        "unknown option '--rink'; valid options of step are --help, --rank; did you mean --rank?");
  CHECK(refusal({"bench", "step", "product"}) ==
        "unknown argument 'product'; valid options of step are --help, --rank");
  CHECK(refusal({"bench", "step", "--task=nli"}) == "--task has no effect on step: it has none");
  CHECK(refusal({"eval"}) == "eval wants --task: its name");
  CHECK(refusal({"eval", "--task", "nli", "--rank", "2"}) == "--rank has no effect here");
  CHECK(refusal({"eval", "--task", "--json"}) == "--task wants a value, not '--json'");
  CHECK(refusal({"eval", "--task", "a", "--task", "b"}) ==
        "--task is given 2 times, with 'a' and 'b'");
  CHECK(refusal({"compare"}) == "compare wants A: a folder");
  CHECK(refusal({"compare", "x", "--json"}) == "compare wants B: another");
  CHECK(refusal({"compare", "x", "y", "z"}) ==
        "unknown argument 'z'; valid options of compare are --help, --json");
  CHECK(refusal({"compare", "x", "--jason"}) ==
        "unknown option '--jason'; valid options of compare are --help, --json; did you mean "
        "--json?");
  CHECK(refusal({"compare", "x", ""}) == "B has an empty value");
  CHECK(refusal({"eval", "--task", "a\x01"}) ==
        "--task 'a\\x01': control characters are not valid");
}
