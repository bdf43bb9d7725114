#include "experiments/cli/model_source.h"

#include <fmt/format.h>

#include "data/sqlgen.h"
#include "data/vocabulary.h"
#include "experiments/cli/base_options.h"
#include "experiments/cli/option_values.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/bases.h"
#include "experiments/harness/settings.h"
#include "lora/files/method_file.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"

namespace experiments::cli {

namespace fs = std::filesystem;

namespace {

BaseConfig base_of(const fs::path& adapter, const nn::Metadata& labels) {
  const auto found = labels.find("base");
  if (found == labels.end())
    throw std::invalid_argument(
        fmt::format("{} does not say which base it is for; give that base with --checkpoint FILE",
                    adapter.string()));
  try {
    return base_config_from_json(found->second);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(
        fmt::format("{}: its metadata \"base\": {}", adapter.string(), error.what()));
  }
}

// Whether pretrain would make it so.
bool is_ordinary(const BaseConfig& config) {
  const auto [width, depth] = std::pair(config.model.d_model, config.model.layers);
  if (width > largest_width || depth > largest_depth || width % 16 != 0) return false;
  return to_json(base_config(config.seed, config.steps, static_cast<int>(width),
                             static_cast<int>(depth))) == to_json(config);
}

Base cached_base(const BaseConfig& config, const fs::path& results) {
  const fs::path folder = results / "base";
  if (has_base(config, folder)) return load_base(config, folder);
  throw NoBase(fmt::format(
      "there is no {}; {}", base_path(config, folder).string(),
      is_ordinary(config) ? fmt::format("make it with: ./run pretrain --base-seed {} --steps {}{} "
                                        "--out {}",
                                        config.seed, config.steps, shape_options_text(config.model),
                                        shell_word(results.string()))
                          : "it was made by another version of this program"));
}

void check_speaks(const nn::Model& model, const std::string& path) {
  if (model.vocabulary() != data::vocabulary().size())
    throw std::invalid_argument(fmt::format("{} has a vocabulary of {} words; the tasks need {}",
                                            path, model.vocabulary(), data::vocabulary().size()));
}

}  // namespace

SourcedModel load_model(const ModelSource& source) {
  SourcedModel sourced;
  BaseConfig config = source.base;
  if (!source.adapter.empty()) {
    sourced.adapter = sourced.labels_from = source.adapter.string();
    sourced.labels = lora::describe_method(source.adapter).metadata;
    if (source.checkpoint.empty()) config = base_of(source.adapter, sourced.labels);
  }
  if (source.checkpoint.empty()) {
    sourced.base = base_path(config, "").string();
    sourced.model = copy_of(decoder_of(cached_base(config, source.results)));
  } else {
    sourced.base = source.checkpoint.string();
    sourced.model = nn::load_checkpoint(source.checkpoint);
    check_speaks(*sourced.model, sourced.base);
    if (source.adapter.empty()) {
      sourced.labels_from = sourced.base;
      sourced.labels = nn::read_checkpoint_metadata(source.checkpoint);
    }
  }
  // Who names the base answers for it: an adapter that went through another library may have lost
  // the fingerprint. One with the fingerprint of another base is refused all the same.
  const lora::AdapterOptions options{.require_fingerprint = source.checkpoint.empty()};
  if (!source.adapter.empty()) {
    const lora::MethodInfo info = lora::load_method(source.adapter, *sourced.model, options);
    sourced.method = info.spec.name;
    sourced.is_unverified = !info.names_base;
  }
  return sourced;
}

std::string to_string(const SourcedModel& sourced) {
  return sourced.adapter.empty()
             ? sourced.base
             : fmt::format("adapter {} on {}{}", sourced.adapter, sourced.base,
                           sourced.is_unverified ? " (it does not say which base it is for)" : "");
}

data::TaskOptions default_task_options() { return {.facts = Settings().facts}; }

std::optional<TaskChoice> labelled_task(const SourcedModel& sourced) {
  const auto refuse = [&](const char* key, const std::string& value) {
    throw std::invalid_argument(fmt::format("{}: its metadata \"{}\" is {}, which is no such thing",
                                            sourced.labels_from, key, nn::shown(value)));
  };
  const auto task = sourced.labels.find("task"), facts = sourced.labels.find("facts");
  if (task == sourced.labels.end()) return std::nullopt;
  TaskChoice choice;
  try {
    choice.task = data::parse_task(task->second);
  } catch (const std::invalid_argument&) {
    refuse("task", task->second);
  }
  if (choice.task.has_facts && facts != sourced.labels.end()) {
    const std::optional<long> count = nn::read_whole(facts->second);
    if (!count || *count < data::min_facts || *count > data::alias_count)
      refuse("facts", facts->second);
    choice.options.facts = static_cast<int>(*count);
  }
  return choice;
}

}  // namespace experiments::cli
