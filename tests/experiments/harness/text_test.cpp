#include "experiments/evidence/text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "experiments/harness/child_process.h"
#include "experiments/harness/progress.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"

namespace text_test {

using namespace experiments::harness;

TEST_CASE("a word of a shell is read back by a shell") {
  CHECK(shell_word("results/a-b_c.d") == "results/a-b_c.d");
  for (const char* word :
       {"", "my results", "it's", "$HOME", "a;b", "`x`", "\"", "\\", "*", "é", "#"}) {
    CAPTURE(word);
    const ChildOutput echoed = run_program({"sh", "-c", "printf %s " + shell_word(word)}, "");
    CHECK(echoed.status == 0);
    CHECK(echoed.text == word);
  }
  CHECK(run_program({"sh", "-c", "printf %s $HOME"}, "").text != "$HOME");  // the control: unquoted
}

TEST_CASE("a program runs in its folder, and what it says and how it ends come back") {
  CHECK(run_program({"pwd"}, "/").text == "/\n");
  const ChildOutput both = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"}, "");
  CHECK(both.status == 3);
  CHECK(both.text == "out\nerr\n");
  CHECK(run_program({"sh", "-c", "kill -9 $$"}, "").status == -1);
  const ChildOutput none = run_program({"no-such-program-here"}, "");
  CHECK(none.status != 0);
  CHECK(run_program({"cat"}, "").text.empty());  // nothing to read, and no waiting for it
}

TEST_CASE("numbers are the whole text, in every locale") {
  CHECK(nn::read_whole("-12") == -12);
  for (const char* text : {"", "1.5", "1 ", " 1", "1x", "99999999999999999999", "0x1"})
    CHECK_FALSE(nn::read_whole(text).has_value());
  CHECK(nn::read_number("-1.5e3") == -1500.0);
  CHECK(std::isinf(nn::read_number("inf").value()));
  CHECK(std::isnan(nn::read_number("nan").value()));
  for (const char* text : {"", "1,5", "1 ", " 1", "1x", "1e999", "--1", "+1"})
    CHECK_FALSE(nn::read_number(text).has_value());
}

TEST_CASE("no number of seconds is too strange to print") {
  CHECK(duration_text(100) == "1 min 40 s");
  for (const double seconds : {1e300, HUGE_VAL})
    CHECK(duration_text(seconds) == duration_text(1e9));
  for (const double seconds : {-5.0, std::nan(""), -HUGE_VAL})
    CHECK(duration_text(seconds) == "0 s");
}

TEST_CASE("a text from a file reaches a terminal on one line, in ASCII") {
  CHECK(nn::plain("a\x1b[31m\nb") == "a\\u001b[31m\\nb");
  CHECK(nn::printable("\xff") == "\"\\ufffd\"");
}

TEST_CASE("JSON that is read is bounded") {
  const auto refusal = [](const std::string& text,
                          std::optional<std::size_t> most_members = {}) -> std::string {
    try {
      if (most_members)
        nn::parse_large_json_object(text, *most_members);
      else
        nn::parse_json(text);
    } catch (const nn::JsonError& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  const auto members = [](int count) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
    return text + "}";
  };
  CHECK(refusal(nested(8)) == "accepted");
  CHECK(refusal(nested(9)) == "is nested deeper than 8 levels");
  CHECK(refusal(nested(100'000)) == "is nested deeper than 8 levels");
  CHECK(refusal(members(4096)) == "accepted");
  CHECK(refusal(members(4097)) == "has an object of more than 4096 members");
  CHECK(refusal("{\"a\":1,\"a\":2}") == "has the member \"a\" twice");
  CHECK(refusal("[1,") == "is not JSON");

  // As a vocabulary is read.
  CHECK(refusal(members(100'000), 100'000) == "accepted");
  CHECK(refusal(members(11), 10) == "has an object of more than 10 members");
  CHECK(refusal("{\"a\":{\"b\":1,\"b\":2}}", 10) == "has the member \"b\" twice");
  CHECK(refusal("[]", 10) == "is not a JSON object");
  CHECK_THROWS_AS(nn::parse_large_json_object("{}", 1'000'001), std::invalid_argument);
}

}  // namespace text_test
