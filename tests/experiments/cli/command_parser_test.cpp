#include <doctest/doctest.h>

#include <limits>
#include <memory>

#include "experiments/cli/command_help.h"
#include "experiments/cli/option_values.h"
#include "nn/files/json.h"

namespace command_parser_test {

using namespace experiments::cli;

namespace {

struct Options {
  int rank = 4, width = 64;
  std::string task, before, after;
  std::vector<std::string> targets;
  bool json = false;
};

// lowrank eval --task TASK ..., lowrank bench step and lowrank compare A B, with the values of all
// in `given`.
Command program(const std::shared_ptr<Options>& given) {
  Command eval("eval", "scores");
  eval.option("--rank", whole(given->rank, 1, [given] { return given->width; }), "r");
  eval.option("--width", whole(given->width, 16, 1024), "d");
  eval.required("--task", text_value(given->task), "its name");
  const auto add_target = [given](const std::string&, const std::string& text) {
    given->targets.push_back(text);
  };
  eval.options("--targets", {"LIST", add_target}, "may be given again");
  eval.flag("--json", given->json, "as JSON");
  eval.action([given](const Command& command) {
    refuse_options(command, {"--rank"}, "here");
    return 7;
  });
  Command step("step", "times a step"), product("product", "times a product");
  step.option("--rank", whole(given->rank, 1, 64), "r");
  step.refuse("--task", "it has none");
  step.action([](const Command&) { return 8; });
  Command compare("compare", "differences");
  compare.argument("A", text_value(given->before), "a folder");
  compare.argument("B", text_value(given->after), "another");
  compare.flag("--json", given->json, "as JSON");
  compare.action([](const Command& command) { return command.given("B") ? 9 : 0; });
  Command program{"lowrank", "", {eval, {"bench", "times", {step, product}}, compare}};
  program.refuse("score", "eval has taken its place");
  return program;
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
  CHECK(eval.options.rank == 4);
}

TEST_CASE("a group hands over to the command that follows its name") {
  const Outcome step = parsed({"bench", "step", "--rank", "2"});
  CHECK(step.command == "step");
  CHECK(step.code == 8);
  CHECK(step.options.rank == 2);
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
  command.option("--rank", whole(given->rank, 1, 64), "r");
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
  CHECK(refusal({"score", "--task", "nli"}) == "no command 'score': eval has taken its place");
  CHECK(refusal({"bench", "score"}).starts_with("unknown command of bench 'score'"));
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

TEST_CASE("a value whose bound follows from another is read after it") {
  CHECK(refusal({"eval", "--task", "a", "--rank", "100", "--width", "32"}) ==
        "--rank '100': a whole number from 1 to 32 is wanted");
  CHECK(refusal({"eval", "--task", "a", "--rank", "65"}) ==
        "--rank '65': a whole number from 1 to 64 is wanted");
}

TEST_CASE("a command reads values without a command line too") {
  const auto given = std::make_shared<Options>();
  const Command eval = program(given).commands().front();
  eval.read({{"--rank", "100"}, {"--width", "128"}});
  CHECK(given->rank == 100);
  CHECK(given->width == 128);
  CHECK_THROWS_AS(eval.read({{"--rank", "129"}}), UsageError);
  CHECK_THROWS_AS(eval.read({{"--ranks", "1"}}), std::logic_error);
}

TEST_CASE("an option that is refused is no longer declared") {
  const auto given = std::make_shared<Options>();
  Command command("eval", "");
  command.option("--rank", whole(given->rank, 1, 64), "r");
  command.refuse("--rank", "it has none");
  CHECK_FALSE(command.has("--rank"));
  CHECK(command.refused().at("--rank") == "it has none");
}

TEST_CASE("values say what they are, what is valid, and what is there without them") {
  int rank = 4;
  std::optional<int> steps;
  std::optional<double> lr = 0.5;
  double dropout = 0;
  std::string mode = "lora";
  std::vector<int> ranks;
  std::vector<std::string> targets{"q", "v"};
  std::vector<std::pair<std::string, double>> alphas;
  CHECK(whole(rank, 1, 64).kind == "INT");
  CHECK(whole(rank, 1, 64).shown == "4");
  CHECK(whole(steps, 1, 64).shown.empty());
  CHECK(positive(lr).kind == "NUMBER");
  CHECK(positive(lr).shown == "0.5");
  CHECK(targets_value(targets).shown == "q,v");

  const auto refused = [](const Value& value, const std::string& text) {
    try {
      value.read("--x", text);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  for (const char* wrong : {"0", "65", "-1", "3x", "1e1", "", " 3", "99999999999999999999"})
    CHECK(refused(whole(steps, 1, 64), wrong) ==
          fmt::format("--x '{}': a whole number from 1 to 64 is wanted", wrong));
  CHECK_FALSE(steps);
  for (const char* wrong : {"0", "-0.1", "inf", "nan", "one"})
    CHECK(refused(positive(lr), wrong) ==
          fmt::format("--x '{}': a positive number is wanted", wrong));
  CHECK(refused(not_negative(lr), "-1") == "--x '-1': a number from 0 is wanted");
  CHECK(refused(fraction(dropout), "1") == "--x '1': a number from 0 to below 1 is wanted");
  CHECK(lr == 0.5);
  CHECK(refused(one_of(mode, "mode", {"lora", "full"}), "x") ==
        "unknown mode 'x'; valid are lora and full");
  CHECK(refused(one_of(mode, "mode", {"a", "b", "c"}), "x") ==
        "unknown mode 'x'; valid are a, b, c");
  CHECK(refused(pattern<double>(alphas, positive<double>), "q=1,v=0") ==
        "--x v '0': a positive number is wanted");
  CHECK(refused(pattern<double>(alphas, positive<double>), "q=1,q=2") == "--x names 'q' twice");

  whole(steps, 1, 64).read("--x", "64");
  whole_list(ranks, 1, 64).read("--x", "4,1,4");
  pattern<double>(alphas, positive<double>).read("--x", "q=1,blocks.0.attn.v=0.5");
  CHECK(steps == 64);
  CHECK(ranks == std::vector{1, 4});
  CHECK(alphas == std::vector<std::pair<std::string, double>>{{"q", 1}, {"blocks.0.attn.v", 0.5}});
}

TEST_CASE("a line of JSON says first in which form it is, and keeps the order of the rest") {
  const double infinity = std::numeric_limits<double>::infinity();
  const double none = std::numeric_limits<double>::quiet_NaN();
  CHECK(json_line(nn::Json::object()) == "{\"format\":1}\n");
  CHECK(json_line({{"z", 0.1},
                   {"whole", nn::number_json(2)},
                   {"big", std::numeric_limits<std::uint64_t>::max()},
                   {"none", nn::number_json(none)},
                   {"other", nn::number_json(-none)},
                   {"ends", {nn::number_json(-infinity), nn::number_json(infinity)}},
                   {"a", "\"\n\\"}}) ==
        R"({"format":1,"z":0.1,"whole":2.0,"big":18446744073709551615,"none":"nan","other":"nan",)"
        R"("ends":["-inf","inf"],"a":"\"\n\\"})"
        "\n");
  // Latin-1, as a path may be, in a value and in a name
  CHECK(json_line({{"caf\xe9", "caf\xe9/ok"}}) ==
        "{\"format\":1,\"caf\xef\xbf\xbd\":\"caf\xef\xbf\xbd/ok\"}\n");
}

}  // namespace command_parser_test
