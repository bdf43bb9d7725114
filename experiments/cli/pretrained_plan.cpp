#include "experiments/cli/pretrained_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "experiments/harness/progress.h"

namespace experiments::cli {

static std::string recipe_text(const PretrainedTrain& given, const Plan& plan) {
  const finetune::Recipe& r = given.recipe;
  std::string text = fmt::format(
      "{} steps of {} texts, {} an epoch{}; AdamW, learning rate {:g} after {} steps, then linearly "
      "to 0; weight decay {:g}, label smoothing {:g}, gradients clipped to {:g}\n",
      plan.steps, r.batch, plan.per_epoch, r.parts > 1 ? fmt::format(", in {} parts", r.parts) : "",
      r.lr, r.warmup_steps(plan.steps), r.weight_decay, r.label_smoothing, r.clip);
  if (!given.recipe_text.empty()) text = fmt::format("recipe {}\n{}", given.recipe_text, text);
  return text;
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

std::string describe(const PretrainedTrain& given, const Prepared& prepared, const Plan& plan,
                     const nn::ModelFolder& folder) {
  const nn::Sizes& sizes = prepared.model->sizes;
  std::string text =
      fmt::format("{}: {}, {}, {} layers of width {}\n", given.model.string(), folder.model_type(),
                  to_string(prepared.model->head), sizes.layers, sizes.width);
  text += fmt::format("trains {} of {} parameters, {:.3g} %: {}{}\n", plan.trainable, plan.all,
                      100 * static_cast<double>(plan.trainable) / static_cast<double>(plan.all),
                      given.is_full
                          ? "all"
                          : fmt::format("LoRA r = {}, alpha = {:g} on {}", given.lora.spec.rank,
                                        given.lora.spec.alpha,
                                        given.lora.targets_regex.empty()
                                            ? fmt::format("{}", fmt::join(given.lora.targets, ","))
                                            : given.lora.targets_regex),
                      prepared.model->head != nn::Head::classifier ? ""
                      : prepared.is_new_head                       ? " and a new classifier"
                      : given.is_full                              ? ""
                                                                   : " and the classifier");
  if (given.frozen != "f32") text += fmt::format("what is frozen is kept in {}\n", given.frozen);
  text += prepared.about_data + "\n";
  if (!prepared.labels.empty())
    text += fmt::format("labels: {}\n", fmt::join(prepared.labels, ", "));
  text += finetune::shown(prepared.texts.training.front(), *prepared.tokenizer, prepared.labels);
  text += recipe_text(given, plan);
  text += fmt::format("{:.1f} % of what is computed fills rows up\n", 100 * plan.padding.share());
  const double scoring = finetune::times_scored * plan.cost.seconds_per_score;
  const double all = plan.cost.seconds_per_step * static_cast<double>(plan.steps) + scoring;
  text += fmt::format("memory {:.0f} MB; {:.3g} s a step, measured on one: about {} in all",
                      plan.cost.peak_mb, plan.cost.seconds_per_step, duration_text(all));
  if (scoring > 0)
    text += fmt::format(", of which {} for {} scores of the validation texts",
                        duration_text(scoring), finetune::times_scored);
  return text + "\n";
}

nn::Json to_json(const PretrainedTrain& given, const Prepared& prepared, const Plan& plan) {
  nn::Json object{{"model", given.model.string()},
                  {"data", given.data.path.string()},
                  {"format", given.data.format},
                  {"method", given.is_full ? "full" : "lora"},
                  {"frozen", given.frozen},
                  {"parameters", plan.all},
                  {"trainable", plan.trainable},
                  {"texts", prepared.texts.training.size()},
                  {"validation_texts", prepared.texts.validation.size()},
                  {"steps", plan.steps},
                  {"lr", given.recipe.lr},
                  {"padding", plan.padding.share()},
                  {"peak_mb", nn::number_json(plan.cost.peak_mb)},
                  {"seconds_per_step", plan.cost.seconds_per_step},
                  {"seconds_per_score", plan.cost.seconds_per_score}};
  if (!prepared.labels.empty()) object["labels"] = prepared.labels;
  return object;
}

std::string to_string(const finetune::TextScore& score, bool is_classifier) {
  const double nll = score.mean_nll();
  if (is_classifier)
    return fmt::format("accuracy {:.2f} % of {} texts, {:.4f} nats each", 100 * score.share(),
                       score.texts, nll);
  return fmt::format(
      "perplexity {:.3f} ({:.4f} nats for each of {} tokens, {:.2f} % of them right)",
      std::exp(nll), nll, score.targets, 100 * score.share());
}

}  // namespace experiments::cli
