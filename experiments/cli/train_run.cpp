#include "experiments/cli/train_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/cli/command_line.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/signals.h"
#include "experiments/report/figures.h"
#include "experiments/training/batches.h"
#include "experiments/training/stopped.h"
#include "lora/files/adapter.h"
#include "nn/files/file.h"
#include "nn/optimizer.h"

namespace experiments {

namespace fs = std::filesystem;

LearningRate learning_rate(const Cell& cell, const LearningRates& recorded) {
  const std::string what = fmt::format("{} {}{}{}", cell.task, cell.method,
                                       cell.targets.empty() ? "" : " ", weight_set(cell.targets));
  for (const LrSearch& search : recorded.searches)
    if (search.task == cell.task && search.method == cell.method &&
        weight_set(search.targets) == weight_set(cell.targets))
      return {search.choice.lr, "recorded for " + what};
  return {cell.method == "lora" ? default_lora_lr : default_full_lr,
          fmt::format("the default of {}; none is recorded for {}", cell.method, what)};
}

std::vector<lora::Target> targets_of(const TrainRun& run) {
  return lora::plan(run.base.model, run.lora);
}

nn::Index trainable_count(const TrainRun& run) {
  nn::Index total = 0;
  if (run.cell.method == "lora") {
    for (const lora::Target& target : targets_of(run)) total += target.parameters();
  } else {
    for (const auto& [name, shape] : nn::parameter_shapes(run.base.model)) total += shape.size();
  }
  return total;
}

std::string describe(const TrainRun& run) {
  const Cell& cell = run.cell;
  const std::string facts = cell.facts > 0 ? fmt::format(" with {} new facts", cell.facts) : "";
  std::string text = fmt::format("{}{}, seed {}, on the base of seed {} and {} steps\n", cell.task,
                                 facts, cell.seed, run.base.seed, run.base.steps);
  text += cell.method == "lora"
              ? lora::describe(targets_of(run)) +
                    fmt::format("A starts {}, B at zero; dropout {:g}\n", cell.init, cell.dropout)
              : fmt::format("full fine-tuning, {} trainable parameters\n", trainable_count(run));
  return text + fmt::format("{} examples, {} steps of {}, learning rate {:g} ({})\n", cell.examples,
                            cell.steps, run.adapt.batch, cell.lr, run.lr_source);
}

static JsonObject to_json(const lora::Target& target) {
  JsonObject object;
  object.set("name", target.name);
  object.set("out", target.out);
  object.set("in", target.in);
  object.set("rank", target.spec.rank);
  object.set("alpha", target.spec.alpha);
  object.set("scale", lora::scale(target.spec.scaling, target.spec.alpha, target.spec.rank));
  object.set("parameters", target.parameters());
  return object;
}

JsonObject to_json(const TrainRun& run) {
  const Cell& cell = run.cell;
  JsonObject object;
  object.set("task", cell.task);
  object.set("method", cell.method);
  if (cell.facts > 0) object.set("facts", cell.facts);
  if (cell.method == "lora") {
    std::vector<JsonObject> projections;
    for (const lora::Target& target : targets_of(run)) projections.push_back(to_json(target));
    object.set("projections", projections);
    object.set("scaling", cell.scaling);
    object.set("init", cell.init);
    object.set("dropout", cell.dropout);
  }
  object.set("trainable", trainable_count(run));
  object.set("seed", cell.seed);
  object.set("lr", cell.lr);
  object.set("lr_source", run.lr_source);
  object.set("steps", cell.steps);
  object.set("examples", cell.examples);
  object.set_json("base", to_json(run.base));
  return object;
}

nn::Metadata labels(const TrainRun& run) {
  const Cell& cell = run.cell;
  nn::Metadata m{{"task", cell.task},
                 {"method", cell.method},
                 {"seed", fmt::format("{}", cell.seed)},
                 {"lr", fmt::format("{}", cell.lr)},
                 {"steps", fmt::format("{}", cell.steps)},
                 {"examples", fmt::format("{}", cell.examples)},
                 {"base", to_json(run.base)}};
  if (cell.facts > 0) m["facts"] = fmt::format("{}", cell.facts);
  return m;
}

void check_output(const TrainRun& run, const fs::path& out) {
  const bool is_adapter = run.cell.method == "lora";
  std::vector<fs::path> files =
      is_adapter ? std::vector{out / "adapter_model.safetensors", out / "adapter_config.json"}
                 : std::vector{out};
  files.push_back(loss_path(run, out));
  files.push_back(loss_path(run, out, ".svg"));
  for (const fs::path& file : files) refuse_to_replace("--out", file);
  constexpr nn::Index for_names_and_settings = 16'384;
  nn::check_writable(files.front(), static_cast<std::size_t>(trainable_count(run)) * sizeof(float) +
                                        for_names_and_settings);
}

namespace {

std::unique_ptr<nn::Decoder> model_for(const Base& base, const TrainRun& run) {
  auto model = copy_of(*base.model);
  if (run.cell.method == "lora")
    lora::inject(*model, run.lora, run.cell.seed);
  else
    nn::set_trainable(*model, true);
  return model;
}

void save_trained(nn::Decoder& model, const TrainRun& run, const fs::path& out) {
  if (run.cell.method == "lora") {
    lora::save_adapter(out, model, {base_path(run.base, "").string(), labels(run)});
  } else {
    nn::create_folders(out.parent_path());
    nn::save_checkpoint(out, model, labels(run));
  }
}

}  // namespace

TrainResult train_and_save(const Base& base, const TrainRun& run, const fs::path& out) {
  const Cell& cell = run.cell;
  const data::Task& task = data::parse_task(cell.task);
  const auto examples =
      data::examples(task, task_options(cell), data::Split::train, cell.seed, cell.examples);
  const auto held_out = data::validation_set(task, task_options(cell), cell.seed);
  auto model = model_for(base, run);
  TrainResult result;

  TrainingProgress progress(fmt::format("training {} on {}", cell.method, cell.task));
  const SignalWatch watch;
  std::atomic<bool> stop = false;
  const int between_scores = std::max(1, cell.steps / 10);
  const auto on_step = [&](const StepTaken& taken) {
    result.losses.push_back({taken, std::nullopt});
    if (taken.step % between_scores == 0 || taken.step == taken.steps)
      result.losses.back().validation = score_task_or_nan(*model, held_out);
    progress.step(0, taken.step, taken.steps, fmt::format("loss {:.3f}", taken.loss));
    stop = watch.received() != 0;
  };
  const auto diverged = [&](std::size_t step, const std::exception& error) {
    return std::runtime_error(
        fmt::format("training diverged at step {} of {} with learning rate {:g}, so nothing was "
                    "written; a smaller --lr may help ({})",
                    step, cell.steps, cell.lr, error.what()));
  };
  try {
    train(*model, cell, examples, run.adapt, stop, on_step);
    // No gradient has seen what the last step made of the model.
    evaluate(*model, std::span(examples).first(1));
  } catch (const Stopped&) {
    throw Stopped(fmt::format("stopped after {} of {} steps; nothing was written",
                              result.losses.size(), cell.steps));
  } catch (const nn::NonFiniteGradient& error) {
    throw diverged(result.losses.size() + 1, error);
  } catch (const nn::NonFiniteLogits& error) {
    throw diverged(result.losses.size(), error);
  }
  progress.finish();
  save_trained(*model, run, out);
  nn::write_file_atomically(loss_path(run, out), loss_csv(result.losses));
  result.model = std::move(model);
  return result;
}

std::string loss_csv(const std::vector<LossPoint>& losses) {
  std::string csv = "step,lr,train_nll,validation_nll,validation_score\n";
  for (const auto& [taken, validation] : losses) {
    csv += fmt::format("{},{:.6g},{:.6g},", taken.step, taken.lr, taken.loss);
    if (validation) csv += fmt::format("{:.6g},{:.6g}", validation->nll, validation->value);
    csv += validation ? "\n" : ",\n";
  }
  return csv;
}

fs::path loss_path(const TrainRun& run, const fs::path& out, const char* extension) {
  if (run.cell.method == "lora") return out / (std::string("loss") + extension);
  fs::path path = out;
  if (path.extension() == ".safetensors") path.replace_extension();
  return path += std::string(".loss") + extension;
}

/// Written by the build from experiments/cli/loss.gp (cmake/embed_text.cmake).
std::string_view loss_script();

std::string draw_losses(const TrainRun& run, const fs::path& out) {
  return draw_aside("loss", loss_script(), "loss.csv", nn::read_file(loss_path(run, out)),
                    loss_path(run, out, ".svg"));
}

}  // namespace experiments
