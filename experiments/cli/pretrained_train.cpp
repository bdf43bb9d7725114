#include <fmt/format.h>

#include "experiments/cli/pretrained_plan.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/signals.h"
#include "experiments/report/figures.h"
#include "experiments/training/take_step.h"
#include "nn/files/file.h"
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

// What is there would be replaced, unless a training of that folder was stopped while it wrote.
void check_out_folder(const fs::path& out) {
  if (fs::exists(out / state_name)) return;
  for (const char* name : results) refuse_to_replace("--out", out / name);
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

int train_pretrained(const PretrainedTrain& wanted) {
  if (!wanted.out.empty()) check_out_folder(wanted.out);
  const nn::ModelFolder folder(wanted.model);
  const PretrainedTrain given = with_targets(wanted, folder);
  Prepared prepared = prepare(given, folder);
  if (!given.is_full) (void)lora::collect(*prepared.model);  // what cannot be written is said first
  const finetune::StateFile state{given.out / state_name,
                                  identity(given, shared_settings(given, folder, prepared.texts))};
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
