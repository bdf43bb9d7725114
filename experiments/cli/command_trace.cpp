#include <fmt/format.h>

#include <memory>

#include "experiments/cli/attention_maps.h"
#include "experiments/cli/base_options.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/pretrained.h"
#include "experiments/cli/trace.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "lora/files/adapter.h"
#include "nn/files/file.h"

namespace experiments::cli {

namespace {

struct TraceOptions {
  data::Task task = data::tasks::nli;
  std::string mode = "lora";
  std::uint64_t seed = 1;
  int rows = 4, rank = 4;
  std::vector<std::string> targets{"q", "v"};
  double alpha = 8;
  BaseOptions base;
  std::filesystem::path out, attention, adapter, results = "results", model, inputs;
  std::string frozen = "f32";
};

// What distinguishes the step, as a cell of an experiment.
Cell traced_cell(const Command& command, const TraceOptions& given) {
  Cell cell;
  cell.task = given.task.name;
  cell.method = given.mode;
  cell.seed = given.seed;
  cell.base_seed = given.base.seed;
  if (given.mode == "full") {
    refuse_options(command, {"--targets", "--rank", "--alpha"}, "with --mode full");
    return cell;
  }
  cell.targets = given.targets;
  cell.rank = given.rank;
  cell.alpha = given.alpha;
  cell.scaling = lora::to_string(lora::Scaling::alpha_over_r);
  return cell;
}

// At most: every parameter with its gradient, and what is there for each position of the batch.
std::size_t bytes_of_export(const nn::DecoderConfig& model, int rows) {
  constexpr std::size_t parameters = 2'000'000;
  return parameters + static_cast<std::size_t>(rows * model.context * (model.vocabulary + 4)) * 4;
}

// The maps of the batch's first row, under the base and under the adapter that was named.
void write_maps(const TraceOptions& given, const Base& base, const TracedStep& step) {
  std::vector<int> tokens(step.batch.ids.begin(), step.batch.ids.begin() + step.batch.T);
  std::unique_ptr<nn::Decoder> adapted;
  if (!given.adapter.empty()) {
    adapted = copy_of(decoder_of(base));
    lora::load_adapter(given.adapter, *adapted);
  }
  const std::string problem =
      write_attention(given.attention, *copy_of(decoder_of(base)), adapted.get(), tokens);
  print_out("\nThe attention of the first row is in {}{}\n", given.attention.string(),
            problem.empty() ? ", drawn as attention.svg" : ", not drawn: " + problem);
}

int run_trace_pretrained(const Command& command, const TraceOptions& given) {
  refuse_options(command,
                 {"--task", "--mode", "--seed", "--batch", "--targets", "--rank", "--alpha",
                  "--base-seed", "--base-steps", "--attention", "--results"},
                 "with --model");
  require_option(command, "--inputs", "a file as inputs.json, with the rows of ids");
  require_option(command, "--out", "the file to write, FILE.safetensors");
  return trace_pretrained({given.model, given.adapter, given.inputs, given.out, given.frozen});
}

int run_trace(const Command& command, const TraceOptions& given) {
  if (!given.model.empty()) return run_trace_pretrained(command, given);
  refuse_options(command, {"--inputs", "--frozen"}, "without --model");
  if (given.attention.empty()) refuse_options(command, {"--adapter"}, "without --attention");
  const Cell cell = traced_cell(command, given);
  const BaseConfig config = given.base.config();
  if (!given.out.empty()) {
    refuse_to_replace("--out", given.out);
    nn::check_writable(given.out, bytes_of_export(config.model, given.rows));
  }

  if (!given.attention.empty()) {
    refuse_to_replace("--attention", given.attention);
    nn::check_writable(given.attention / "attention.csv", 0);
  }
  if (!given.adapter.empty()) lora::describe_adapter(given.adapter);  // wrong ones before the work

  const Base base = base_with_progress(config, given.results / "base");
  const TracedStep step(base, cell, given.rows);
  print_out("{}", to_text(step));
  if (!given.out.empty()) {
    save(step, given.out);
    print_out("\nEverything needed to compute this step elsewhere is in {}\n", given.out.string());
  }
  if (!given.attention.empty()) write_maps(given, base, step);
  return 0;
}

}  // namespace

Command trace_command() {
  Command command("trace", "one training step, printed node by node, forward and back");
  auto given = std::make_shared<TraceOptions>();
  command.option("--task", task_value(given->task), data::task_names("or"));
  command.option("--mode", one_of(given->mode, "mode", {"full", "lora"}),
                 "lora: A and B alone train; full: all weights");
  command.option("--seed", seed_value(given->seed), "names the data and A and B");
  command.option("--batch", whole(given->rows, 1, 1024), "rows of the batch");
  command.option("--targets", targets_value(given->targets), "lora: the adapted projections");
  command.option("--rank", whole(given->rank, 1, largest_rank), "lora: r");
  command.option("--alpha", positive(given->alpha), "lora: the scale is alpha/r");
  add_base_options(command, given->base, "names the pre-trained base", "its training steps");
  command.option("--out", path_value(given->out),
                 "a safetensors file with the step, to recompute it");
  command.option("--attention", path_value(given->attention),
                 "a folder for the attention maps of the first row, as numbers and drawn");
  command.option("--adapter", path_value(given->adapter),
                 "with --attention: the maps under this adapter too, as train writes one; with "
                 "--model: the step under it");
  add_results_option(command, given->results);
  add_pretrained_option(command, given->model);
  add_frozen_option(command, given->frozen);
  command.option("--inputs", path_value(given->inputs),
                 "with --model: a JSON file with input_ids and, as wanted, attention_mask, "
                 "token_type_ids and labels");
  command.action([given](const Command& command) { return run_trace(command, *given); });
  return command;
}

}  // namespace experiments::cli
