#include <fmt/format.h>

#include "experiments/command_line.h"
#include "experiments/model_options.h"
#include "lora/inject.h"
#include "nn/file.h"

namespace experiments {

namespace {

struct Options {
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

int merge(const CLI::App& command, const Options& given) {
  require_option(command, "--adapter", "DIR, the adapter to fold into its base");
  require_option(command, "--out", "FILE.safetensors, the checkpoint to write");
  const ModelSource source = model_source(command, given.model);
  const std::filesystem::path out = given.out;
  std::error_code ignored;
  if (std::filesystem::exists(out, ignored))
    throw UsageError(
        fmt::format("{} is there already; remove it or choose another --out", given.out));
  nn::check_writable(out, 0);

  const SourcedModel sourced = load_model(source);
  const std::size_t layers = lora::lora_layers(*sourced.model).size();
  const lora::MergeError error = lora::merge(*sourced.model);
  lora::unwrap(*sourced.model);
  nn::create_folders(out.parent_path());
  nn::save_checkpoint(out, *sourced.model, kept_labels(sourced));
  if (given.json) {
    const nlohmann::ordered_json object{{"adapter", sourced.adapter},
                                        {"base", sourced.base},
                                        {"checkpoint", given.out},
                                        {"projections", layers},
                                        {"absolute_error", json_number(error.absolute)},
                                        {"relative_error", json_number(error.relative)}};
    fmt::print("{}\n", object.dump());
  } else {
    fmt::print("{}\n{} projections merged into {}\n", to_string(sourced), layers, given.out);
    fmt::print("rounding the merged weights once: at most {:.3g} absolute, {:.3g} relative\n",
               error.absolute, error.relative);
  }
  return 0;
}

}  // namespace

void add_merge(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("merge", "fold an adapter into the weights of its base model");
  auto given = std::make_shared<Options>();
  add_model_options(*command, given->model, BareBase::refused);
  command->add_option("--out", given->out, "the checkpoint's file");
  command->add_flag("--json", given->json, "print one JSON object");
  command->callback(
      [command, given, &action] { action = [command, given] { return merge(*command, *given); }; });
}

}  // namespace experiments
