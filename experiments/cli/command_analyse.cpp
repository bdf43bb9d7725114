#include <fmt/format.h>

#include <memory>

#include "experiments/cli/analyse.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/model_options.h"
#include "experiments/cli/pretrained_options.h"
#include "experiments/harness/output.h"
#include "lora/files/adapter.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

struct AnalyseOptions {
  ModelOptions model;
  std::filesystem::path against, shuffled, out, pretrained, inputs;
  DataFile data;
  GivenTask task;
  bool json = false;
};

// Another adapter, which must be of the same base: directions of two bases have nothing in common.
SourcedModel beside_it(const ModelSource& source, const std::filesystem::path& adapter,
                       const std::string& option, const std::string& fingerprint) {
  ModelSource other = source;
  other.adapter = adapter;
  SourcedModel sourced = load_model(other);
  if (lora::base_fingerprint(*sourced.model) != fingerprint)
    throw UsageError(fmt::format("{} {} is for another base than --adapter {}", option,
                                 adapter.string(), source.adapter.string()));
  return sourced;
}

Analysis analysed(const Command& command, const AnalyseOptions& given, const ModelSource& source) {
  const SourcedModel sourced = load_model(source), plain = load_model(source);
  lora::unwrap(*plain.model);
  const std::string fingerprint = lora::base_fingerprint(*sourced.model);
  Analysis analysis;
  const TaskChoice choice = chosen_task(command, given.task, sourced);
  analysis.choice = choice;
  analysis.data = choice.task.name;
  analysis.base = sourced.base;
  const Moments moments = moments_of(*plain.model, choice.task, choice.options);
  analysis.adapter = read_adapter(sourced, choice, moments);
  const auto read_beside = [&](const std::filesystem::path& adapter, const std::string& option) {
    return read_adapter(beside_it(source, adapter, option, fingerprint), choice, moments);
  };
  if (!given.shuffled.empty()) {
    analysis.shuffled = read_beside(given.shuffled, "--shuffled");
    analysis.shared_of_shuffled = shared_directions(analysis.adapter, *analysis.shuffled);
  }
  if (!given.against.empty()) {
    analysis.against = read_beside(given.against, "--against");
    analysis.shared = shared_directions(analysis.adapter, *analysis.against);
  }
  return analysis;
}

// Of the task, or of the inputs of another library's model.
Analysis analysed(const Command& command, const AnalyseOptions& given) {
  if (given.pretrained.empty()) return analysed(command, given, model_source(command, given.model));
  return analyse_pretrained({given.pretrained, given.model.adapter, given.inputs, given.against,
                             given.shuffled, given.data});
}

void check_options(const Command& command, const AnalyseOptions& given) {
  if (!given.pretrained.empty()) {
    refuse_options(command, {"--checkpoint", "--results", "--task", "--facts"}, "with --model");
    if (command.given("--inputs"))
      return refuse_options(command, {"--data", "--format"}, "beside --inputs");
    if (!command.given("--data"))
      throw UsageError(
          "analyse --model wants --data FILE, as the adapter was trained on, or --inputs FILE, rows "
          "of ids and labels");
    return require_data(command);
  }
  refuse_options(command, {"--inputs", "--data", "--format"}, "without --model");
  (void)model_source(command, given.model);
  check_task_options(command, given.task);
}

int run_analyse(const Command& command, const AnalyseOptions& given) {
  check_options(command, given);
  if (!given.out.empty()) {
    for (const auto& file : analysis_files(given.out)) refuse_to_replace("--out", file);
    constexpr std::size_t enough = 1'000'000;
    nn::check_writable(analysis_files(given.out).front(), enough);
  }
  const Analysis analysis = analysed(command, given);
  const std::string not_drawn = given.out.empty() ? "" : write_analysis(analysis, given.out);
  if (given.json) {
    print_out("{}", json_line(analysis_json(analysis)));
    return 0;
  }
  print_out("{}", report_text(analysis_report(analysis), columns_of_output()));
  if (!given.out.empty())
    print_out("\nwritten to {}; {}\n", given.out.string(),
              not_drawn.empty() ? "drawn in analyse.svg" : "the figure is not drawn: " + not_drawn);
  return 0;
}

}  // namespace

Command analyse_command() {
  Command command(
      "analyse",
      "what an adapter of your own shows: spectrum, directions, rank, each by chance too");
  auto given = std::make_shared<AnalyseOptions>();
  add_model_options(command, given->model, BareBase::refused);
  command.option("--against", path_value(given->against),
                 "another adapter of the same base: what the two share");
  command.option("--shuffled", path_value(given->shuffled),
                 "an adapter that was trained alike on permuted labels (train --labels permuted): "
                 "the same readings beside");
  add_task_options(command, given->task);
  add_pretrained_option(command, given->pretrained);
  command.option("--inputs", path_value(given->inputs),
                 "with --model: the data, a JSON file as trace reads it, with labels");
  add_data_options(
      command, given->data,
      fmt::format("with --model, in place of it: a file as train reads it, of which {} "
                  "texts at equal distances are taken",
                  texts_analysed));
  command.option("--out", path_value(given->out),
                 "a folder to write: the page, the numbers as CSV and JSON, and a figure");
  add_json_option(command, given->json);
  command.action([given](const Command& command) { return run_analyse(command, *given); });
  return command;
}

}  // namespace experiments::cli
