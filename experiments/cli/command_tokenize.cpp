#include <fmt/format.h>

#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/tokenize.h"

namespace experiments::cli {

namespace {

using data::tokenizers::PieceForm;
using data::tokenizers::Special;

Special parse_special(const std::string& name) {
  if (name != "with" && name != "without")
    throw UsageError(fmt::format("unknown choice '{}'; valid are with, without", name));
  return name == "with" ? Special::with : Special::without;
}

PieceForm parse_form(const std::string& name) {
  if (name == "plain") return PieceForm::plain;
  if (name == "llama") return PieceForm::llama;
  if (name == "deberta-v3") return PieceForm::deberta_v3;
  throw UsageError(fmt::format("unknown form '{}'; valid are plain, llama, deberta-v3", name));
}

}  // namespace

Command tokenize_command() {
  auto given = std::make_shared<TokenizeOptions>();
  Command command("tokenize", "turn lines of standard input into token ids");
  command.required("--tokenizer", path_value(given->tokenizer),
                   "a folder with the files of a tokenizer");
  command.option(
      "--form", named<PieceForm>(given->form, parse_form),
      "a SentencePiece model's: plain, llama or deberta-v3 (default: its configuration)");
  command.option("--special", named<Special>(given->special, parse_special, "with"),
                 "with or without special tokens around a text");
  command.option(
      "--decoded",
      {"NAME", [given](const std::string&,
                       const std::string& text) { given->decoded_special = parse_special(text); }},
      "with or without special tokens (default: BERT's without, others with)");
  command.flag("--json", given->json,
               "lines of JSON, {\"text\"}, {\"text\", \"pair\"} or {\"ids\"}, and back");
  command.action([given](const Command& self) {
    if (!given->json) refuse_options(self, {"--decoded"}, "without --json");
    return run_tokenize(*given);
  });
  return command;
}

Command bench_tokenize_command() {
  auto given = std::make_shared<BenchTokenizeOptions>();
  Command command("tokenize", "how fast a tokenizer is loaded, and turns lines into ids");
  command.required("--tokenizer", path_value(given->tokenizer),
                   "a folder with the files of a tokenizer");
  command.required("--text", path_value(given->text), "a file whose lines are texts");
  command.option("--rounds", whole(given->rounds, 1, 1000), "how often both are timed");
  add_json_option(command, given->json);
  command.action([given](const Command&) { return run_bench_tokenize(*given); });
  return command;
}

}  // namespace experiments::cli
