#include <fmt/format.h>

#include <memory>

#include "experiments/cli/attention_maps.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/trace.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/output.h"
#include "lora/files/adapter.h"
#include "nn/files/file.h"

namespace experiments::cli {

namespace {

struct TraceOptions {
  std::string task = "nli", mode = "lora", seed = "1", batch = "4", targets, rank, alpha;
  std::string base_seed = std::to_string(default_base_seed),
              base_steps = std::to_string(BaseConfig().steps);
  std::string out, attention, adapter, results = "results";
};

std::uint64_t parse_seed(const std::string& name, const std::string& text) {
  return static_cast<std::uint64_t>(parse_integer(name, text, 0, largest_seed));
}

// What distinguishes the step, as a cell of an experiment.
Cell traced_cell(const TraceOptions& given) {
  Cell cell;
  cell.task = data::parse_task(given.task).name;
  cell.method = given.mode;
  cell.seed = parse_seed("--seed", given.seed);
  cell.base_seed = parse_seed("--base-seed", given.base_seed);
  if (given.mode == "lora") {
    cell.targets = parse_targets(given.targets.empty() ? "q,v" : given.targets);
    cell.rank = given.rank.empty()
                    ? 4
                    : static_cast<int>(parse_integer("--rank", given.rank, 1, largest_rank));
    cell.alpha = given.alpha.empty() ? 8 : parse_positive("--alpha", given.alpha);
    cell.scaling = lora::to_string(lora::Scaling::alpha_over_r);
  } else if (given.mode == "full") {
    for (const auto& [name, value] :
         {std::pair{"--targets", given.targets}, {"--rank", given.rank}, {"--alpha", given.alpha}})
      if (!value.empty()) throw UsageError(fmt::format("{} has no effect with --mode full", name));
  } else {
    throw UsageError(fmt::format("unknown mode '{}'; valid are full and lora", given.mode));
  }
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
    adapted = copy_of(*base.model);
    lora::load_adapter(given.adapter, *adapted);
  }
  const std::string problem =
      write_attention(given.attention, *copy_of(*base.model), adapted.get(), tokens);
  print_out("\nThe attention of the first row is in {}{}\n", given.attention,
            problem.empty() ? ", drawn as attention.svg" : ", not drawn: " + problem);
}

int run_trace(const Command& command, const TraceOptions& given) {
  if (given.attention.empty()) refuse_options(command, {"--adapter"}, "without --attention");
  const Cell cell = traced_cell(given);
  const int rows = static_cast<int>(parse_integer("--batch", given.batch, 1, 1024));
  const BaseConfig config =
      base_config(cell.base_seed, parse_integer("--base-steps", given.base_steps, 1, 10'000'000));
  if (!given.out.empty()) {
    refuse_to_replace("--out", given.out);
    nn::check_writable(given.out, bytes_of_export(config.model, rows));
  }

  if (!given.attention.empty()) {
    refuse_to_replace("--attention", given.attention);
    nn::check_writable(std::filesystem::path(given.attention) / "attention.csv", 0);
  }
  if (!given.adapter.empty()) lora::describe_adapter(given.adapter);  // wrong ones before the work

  const Base base = base_with_progress(config, std::filesystem::path(given.results) / "base");
  const TracedStep step(base, cell, rows);
  print_out("{}", to_text(step));
  if (!given.out.empty()) {
    save(step, given.out);
    print_out("\nEverything needed to compute this step elsewhere is in {}\n", given.out);
  }
  if (!given.attention.empty()) write_maps(given, base, step);
  return 0;
}

}  // namespace

Command trace_command() {
  Command command("trace", "one training step, printed node by node, forward and back");
  auto given = std::make_shared<TraceOptions>();
  command.option("--task", given->task, data::task_names("or"));
  command.option("--mode", given->mode, "lora: A and B alone train; full: all weights");
  command.option("--seed", given->seed, "names the data and A and B");
  command.option("--batch", given->batch, "rows of the batch");
  command.option("--targets", given->targets, "lora: the adapted projections (default q,v)");
  command.option("--rank", given->rank, "lora: r (default 4)");
  command.option("--alpha", given->alpha, "lora: the scale is alpha/r (default 8)");
  command.option("--base-seed", given->base_seed, "names the pre-trained base");
  command.option("--base-steps", given->base_steps, "its training steps");
  command.option("--out", given->out, "a safetensors file with the step, to recompute it");
  command.option("--attention", given->attention,
                 "a folder for the attention maps of the first row, as numbers and drawn");
  command.option("--adapter", given->adapter,
                 "with --attention: the maps under this adapter too, as train writes one");
  command.option("--results", given->results, "results folder; the base is in RESULTS/base");
  command.action([given](const Command& command) { return run_trace(command, *given); });
  return command;
}

}  // namespace experiments::cli
