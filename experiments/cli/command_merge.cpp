#include <fmt/format.h>

#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/model_options.h"
#include "experiments/evidence/json_object.h"
#include "experiments/harness/output.h"
#include "lora/inject.h"
#include "lora/merge.h"
#include "nn/files/file.h"

namespace experiments {

namespace {

struct MergeOptions {
  ModelOptions model;
  std::string out;
  bool json = false;
};

// What the merged model was trained on stays known; whatever else is in a stranger's adapter goes.
nn::Metadata kept_labels(const SourcedModel& sourced) {
  nn::Metadata kept;
  for (const char* key : {"task", "facts", "seed", "lr", "steps", "examples", "base"}) {
    const auto found = sourced.labels.find(key);
    if (found != sourced.labels.end()) kept.insert(*found);
  }
  kept["method"] = "lora, merged";
  return kept;
}

int run_merge(const Command& command, const MergeOptions& given) {
  const ModelSource source = model_source(command, given.model);
  const std::filesystem::path out = given.out;
  refuse_to_replace("--out", out);
  nn::check_writable(out, 0);

  const SourcedModel sourced = load_model(source);
  const std::size_t layers = lora::lora_layers(*sourced.model).size();
  const lora::MergeError error = lora::merge(*sourced.model);
  lora::unwrap(*sourced.model);
  nn::create_folders(out.parent_path());
  nn::save_checkpoint(out, *sourced.model, kept_labels(sourced));
  if (given.json) {
    JsonObject object;
    object.set("adapter", sourced.adapter);
    object.set("base", sourced.base);
    object.set("checkpoint", given.out);
    object.set("projections", layers);
    object.set("absolute_error", error.absolute);
    object.set("relative_error", error.relative);
    print_out("{}", object.printed());
  } else {
    print_out("{}\n{} projections merged into {}\n", to_string(sourced), layers, given.out);
    print_out("rounding the merged weights once: at most {:.3g} absolute, {:.3g} relative\n",
              error.absolute, error.relative);
  }
  return 0;
}

}  // namespace

Command merge_command() {
  Command command("merge", "fold an adapter into the weights of its base model");
  auto given = std::make_shared<MergeOptions>();
  add_model_options(command, given->model, BareBase::refused);
  command.required("--out", given->out, "the checkpoint to write, FILE.safetensors");
  command.flag("--json", given->json, "print one JSON object");
  command.action([given](const Command& command) { return run_merge(command, *given); });
  return command;
}

}  // namespace experiments
