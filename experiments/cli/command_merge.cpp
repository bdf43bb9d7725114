#include <fmt/format.h>

#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/model_options.h"
#include "experiments/cli/pretrained.h"
#include "experiments/harness/output.h"
#include "lora/inject.h"
#include "lora/merge.h"
#include "lora/methods/method.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

struct MergeOptions {
  ModelOptions model;
  std::filesystem::path out, pretrained;
  bool json = false;
};

// What the merged model was trained on stays known; whatever else is in a stranger's adapter goes.
nn::Metadata kept_labels(const SourcedModel& sourced) {
  nn::Metadata kept;
  for (const char* key : {"task", "facts", "size", "blocks", "optimizer", "seed", "lr", "lr_ratio",
                          "steps", "examples", "labels", "base"}) {
    const auto found = sourced.labels.find(key);
    if (found != sourced.labels.end()) kept.insert(*found);
  }
  kept["method"] = sourced.method == "lora" ? "lora, merged" : sourced.method;
  return kept;
}

// Biases and top layers are trained in their places, and LoRA's product goes there; an adapter with
// a nonlinear function in it, or a prefix, has none.
void check_is_mergeable(nn::Decoder& model, const SourcedModel& sourced) {
  try {
    lora::check_plain(model, sourced.method);
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument(
        fmt::format("{} was trained by {}, which stands beside the weights and cannot be merged "
                    "into them; eval and generate take it as it is",
                    sourced.adapter, sourced.method));
  }
}

struct Merged {
  std::size_t projections = 0;
  lora::MergeError error;
};

Merged merge_into_weights(const SourcedModel& sourced) {
  Merged merged{lora::lora_layers(*sourced.model).size(), {}};
  if (merged.projections > 0) merged.error = lora::merge(*sourced.model);
  lora::unwrap(*sourced.model);
  check_is_mergeable(*sourced.model, sourced);
  return merged;
}

void print_merged(const MergeOptions& given, const SourcedModel& sourced, const Merged& merged) {
  print_out("{}\n", to_string(sourced));
  if (merged.projections == 0) {
    print_out("what {} trained are weights of the base; all are in {}\n", sourced.method,
              given.out.string());
    return;
  }
  print_out("{} projections merged into {}\n", merged.projections, given.out.string());
  print_out("rounding the merged weights once: at most {:.3g} absolute, {:.3g} relative\n",
            merged.error.absolute, merged.error.relative);
}

int run_merge(const Command& command, const MergeOptions& given) {
  if (!given.pretrained.empty()) {
    refuse_options(command, {"--checkpoint", "--results"}, "with --model");
    return merge_pretrained({given.pretrained, given.model.adapter, given.out, given.json});
  }
  const ModelSource source = model_source(command, given.model);
  refuse_to_replace("--out", given.out);
  nn::check_writable(given.out, 0);

  const SourcedModel sourced = load_model(source);
  const Merged merged = merge_into_weights(sourced);
  nn::create_folders(given.out.parent_path());
  nn::save_checkpoint(given.out, *sourced.model, kept_labels(sourced));
  if (given.json)
    print_out("{}", json_line({{"adapter", sourced.adapter},
                               {"base", sourced.base},
                               {"checkpoint", given.out.string()},
                               {"projections", merged.projections},
                               {"absolute_error", nn::number_json(merged.error.absolute)},
                               {"relative_error", nn::number_json(merged.error.relative)}}));
  else
    print_merged(given, sourced, merged);
  return 0;
}

}  // namespace

Command merge_command() {
  Command command("merge", "fold an adapter into the weights of its base model");
  auto given = std::make_shared<MergeOptions>();
  add_model_options(command, given->model, BareBase::refused);
  command.required("--out", path_value(given->out),
                   "the checkpoint to write, FILE.safetensors; with --model: a folder");
  add_pretrained_option(command, given->pretrained);
  add_json_option(command, given->json);
  command.action([given](const Command& command) { return run_merge(command, *given); });
  return command;
}

}  // namespace experiments::cli
