#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>

#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_data.h"
#include "experiments/cli/pretrained_plan.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/signals.h"
#include "experiments/report/figures.h"
#include "experiments/training/take_step.h"
#include "lora/inject.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/half.h"
#include "nn/loss.h"

namespace experiments::cli {

namespace fs = std::filesystem;

std::string_view loss_script();  // train_run.cpp

namespace {

constexpr const char* state_name = "training.state";
const std::vector<const char*> results{"adapter_config.json",
                                       "adapter_model.safetensors",
                                       "config.json",
                                       "model.safetensors",
                                       "loss.csv",
                                       "loss.svg"};

// What is there besides the state of a training that was stopped, would be replaced.
void check_out_folder(const fs::path& out) {
  for (const char* name : results) refuse_to_replace("--out", out / name);
}

// Wq and Wv, which the paper adapts, by the names of the checkpoints.
std::vector<std::string> usual_targets(const std::string& model_type) {
  static const std::map<std::string, std::vector<std::string>> targets{
      {"bert", {"query", "value"}},       {"roberta", {"query", "value"}},
      {"deberta", {"in_proj"}},           {"deberta-v2", {"query_proj", "value_proj"}},
      {"gpt2", {"c_attn.q", "c_attn.v"}}, {"llama", {"q_proj", "v_proj"}}};
  return targets.at(model_type);
}

// Whether a target is one of the three matrices that GPT-2 has in one.
bool is_piece(const std::string& target) {
  return target.ends_with("c_attn.q") || target.ends_with("c_attn.k") ||
         target.ends_with("c_attn.v");
}

void mark_trainable(nn::Pretrained& model, const PretrainedTrain& given,
                    const lora::LoraConfig& lora, const nn::ModelFolder& folder) {
  if (given.is_full) return nn::set_trainable(model, true);
  lora::inject(model, lora, given.seed);
  if (model.head != nn::Head::classifier) return;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    const bool is_new_pooler = name.find("pooler.dense.") != name.npos && !folder.has(name);
    if (!name.starts_with("classifier.") && !name.starts_with("score.") && !is_new_pooler) return;
    nn::unpack(p);  // what trains is in floats
    p.trainable = true;
  });
}

Prepared prepare(const PretrainedTrain& given, const nn::ModelFolder& folder) {
  Prepared prepared;
  const data::readers::DataSet training =
      data::readers::read_all(given.data.path, given.data.format);
  check_kind(given.data, training, folder.head(), given.model);
  std::optional<data::readers::DataSet> validation;
  if (!given.validation.empty())
    validation = data::readers::read_all(given.validation, given.validation_format);

  nn::ModelOptions options;
  options.seed = given.seed;
  options.frozen = nn::parse_frozen(given.frozen);
  if (finetune::has_labels(training)) {
    const bool is_classifier = folder.head() == nn::Head::classifier;
    prepared.labels = labels_for(training, given.data.path,
                                 is_classifier ? folder.label_names() : std::vector<std::string>{});
    prepared.is_new_head = !is_classifier;
    if (!is_classifier) options.new_labels = static_cast<nn::Index>(prepared.labels.size());
  }
  prepared.lora = given.lora;
  if (prepared.lora.targets.empty() && prepared.lora.targets_regex.empty())
    prepared.lora.targets = usual_targets(folder.model_type());
  options.split_c_attn = !given.is_full && std::ranges::any_of(prepared.lora.targets, is_piece);
  prepared.model = folder.load(options);
  nn::Pretrained& model = *prepared.model;
  mark_trainable(model, given, prepared.lora, folder);

  prepared.tokenizer = tokenizer_of(given.model, model.vocabulary());
  const std::vector<int> ends = end_ids(given.model);
  const auto positions = static_cast<std::size_t>(model.context());
  finetune::EncodeOptions encode{positions, given.data.format, ends.empty() ? -1 : ends.front(),
                                 prepared.labels};
  if (given.length) encode.longest = std::min(positions, static_cast<std::size_t>(*given.length));
  prepared.texts.pad = pad_id(folder);
  finetune::EncodedFile encoded =
      finetune::encode(training, given.data.path, *prepared.tokenizer, encode);
  prepared.about_data = about(encoded, training, given.data.path);
  prepared.texts.training = std::move(encoded.texts);
  if (validation) {
    encoded = finetune::encode(*validation, given.validation, *prepared.tokenizer, encode);
    prepared.about_data += "\n" + about(encoded, *validation, given.validation);
    prepared.texts.validation = std::move(encoded.texts);
  }
  return prepared;
}

// What tells this training from another one whose state might lie in the same folder.
std::string identity(const PretrainedTrain& given, const Prepared& prepared,
                     const nn::ModelFolder& folder) {
  const finetune::Recipe& r = given.recipe;
  const lora::LoraConfig& lora = prepared.lora;
  const auto hash = [](const fs::path& path) {
    return path.empty() ? 0 : autograd::fnv1a(nn::read_file(path));
  };
  nn::Json run{{"model", folder.fingerprint()},
               {"data", fmt::format("{:016x}", hash(given.data.path))},
               {"validation", fmt::format("{:016x}", hash(given.validation))},
               {"format", given.data.format + " " + given.validation_format},
               {"length", given.length.value_or(0)},
               {"method", given.is_full ? "full" : "lora"},
               {"frozen", given.frozen},
               {"seed", given.seed},
               {"epochs", r.epochs},
               {"steps", r.steps.value_or(0)},
               {"batch", r.batch},
               {"parts", r.parts},
               {"lr", r.lr},
               {"lr_ratio", r.lr_ratio},
               {"warmup", r.warmup},
               {"weight_decay", r.weight_decay},
               {"label_smoothing", r.label_smoothing},
               {"clip", r.clip}};
  if (!given.is_full)
    run["lora"] = fmt::format("{} {} {} {} {} {} {} {} {}", fmt::join(lora.targets, ","),
                              lora.targets_regex, lora.spec.rank, lora.spec.alpha,
                              lora::to_string(lora.spec.scaling), lora::to_string(lora.spec.init),
                              lora.spec.dropout, lora.rank_pattern, lora.alpha_pattern);
  return nn::text_of(run);
}

Plan plan_of(const PretrainedTrain& given, Prepared& prepared) {
  Plan plan;
  plan.all = nn::count(nn::parameters(*prepared.model));
  plan.trainable = nn::count(nn::trainable_parameters(*prepared.model));
  const auto batches =
      finetune::epoch_batches(prepared.texts.training, given.recipe.batch, given.seed, /*epoch=*/0);
  plan.per_epoch = static_cast<long>(batches.size());
  plan.steps = given.recipe.steps_of(plan.per_epoch);
  plan.padding = finetune::padding(prepared.texts.training, batches);
  plan.cost = finetune::measure_step(*prepared.model, prepared.texts, given.recipe, given.seed);
  return plan;
}

void save(const PretrainedTrain& given, Prepared& prepared, const nn::ModelFolder& folder) {
  nn::Pretrained& model = *prepared.model;
  if (given.is_full) {
    if (prepared.is_new_head)
      folder.save_classifier(given.out, model, prepared.labels);
    else
      folder.save(given.out, model);
    write_companions(companions_of(given.model), given.out);
    return;
  }
  lora::PortableAdapter adapter = lora::collect(model);
  adapter.config.base_model = given.model.string();
  adapter.metadata[base_key] = folder.fingerprint();
  if (!prepared.labels.empty())
    adapter.metadata[labels_key] = nn::text_of(nn::Json(prepared.labels));
  lora::write_peft(given.out, adapter);
}

finetune::Finetuned run(const PretrainedTrain& given, Prepared& prepared,
                        const finetune::StateFile& state) {
  TrainingProgress progress(fmt::format("training on {}", given.data.path.filename().string()));
  finetune::Finetuned trained;
  long step = 0;
  const auto on_step = [&](long before, const StepTaken& taken) {
    step = taken.step;
    progress.step(before, taken.step, taken.steps, fmt::format("loss {:.3f}", taken.loss));
  };
  const auto diverged = [&](const std::exception& error) {
    return std::runtime_error(fmt::format(
        "training diverged at step {} with learning rate {:g}; a smaller --lr may help ({})",
        step + 1, given.recipe.lr, error.what()));
  };
  try {
    stopped_by_signals([&](const std::atomic<bool>& stop) {
      trained = finetune::finetune(*prepared.model, prepared.texts, given.recipe, given.seed, state,
                                   stop, on_step);
    });
  } catch (const nn::NonFiniteGradient& error) {
    throw diverged(error);
  } catch (const nn::NonFiniteLogits& error) {
    throw diverged(error);
  }
  progress.finish();
  return trained;
}

void add_score(const std::string& name, const std::optional<finetune::TextScore>& score,
               nn::Json& object) {
  if (!score) return;
  object[name] = {{"nll", nn::number_json(score->mean_nll())},
                  {"right", score->share()},
                  {"targets", score->targets}};
}

}  // namespace

int train_pretrained(const PretrainedTrain& given) {
  if (!given.out.empty()) check_out_folder(given.out);
  const nn::ModelFolder folder(given.model);
  Prepared prepared = prepare(given, folder);
  const finetune::StateFile state{given.out / state_name, identity(given, prepared, folder)};
  if (!given.dry_run) training::check_state(state.path, state.run);
  const Plan plan = plan_of(given, prepared);
  nn::Json object = to_json(given, prepared, plan);
  if (!given.json) print_out("{}", describe(given, prepared, plan, folder));
  if (given.dry_run) {
    if (given.json) print_out("{}", json_line(object));
    return 0;
  }
  flush_out();
  nn::create_folders(given.out);
  const std::size_t bytes = static_cast<std::size_t>(3 * plan.trainable) * sizeof(float);
  nn::check_writable(state.path, bytes);

  const finetune::Finetuned trained = run(given, prepared, state);
  save(given, prepared, folder);
  const std::string losses = "step,lr,train_nll,validation_nll,validation_score\n" + trained.losses;
  nn::write_file_atomically(given.out / "loss.csv", losses);
  const std::string not_drawn =
      draw_aside("loss", loss_script(), "loss.csv", losses, given.out / "loss.svg");
  std::error_code ignored;
  fs::remove(state.path, ignored);

  if (given.json) {
    object["out"] = given.out.string();
    object["train_nll"] = nn::number_json(trained.last_loss);
    add_score("before", trained.before, object);
    add_score("after", trained.after, object);
    print_out("{}", json_line(object));
    return 0;
  }
  const bool is_classifier = prepared.model->head == nn::Head::classifier;
  if (trained.before && trained.after)
    print_out("before: {}\nafter:  {}\n", to_string(*trained.before, is_classifier),
              to_string(*trained.after, is_classifier));
  print_out("written to {}; the loss of each step to {}\n{}\n", given.out.string(),
            (given.out / "loss.csv").string(),
            not_drawn.empty() ? "drawn in " + (given.out / "loss.svg").string()
                              : "the loss is not drawn: " + not_drawn);
  return 0;
}

}  // namespace experiments::cli
