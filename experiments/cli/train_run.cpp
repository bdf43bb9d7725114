#include "experiments/cli/train_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/cli/command_line.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/signals.h"
#include "experiments/report/figures.h"
#include "experiments/training/batches.h"
#include "experiments/training/labels.h"
#include "experiments/training/stopped.h"
#include "lora/files/method_file.h"
#include "nn/files/file.h"
#include "nn/optimizer.h"

namespace experiments::cli {

namespace fs = std::filesystem;

lora::MethodSpec spec_of(const TrainRun& run) {
  lora::MethodSpec spec{run.cell.method, run.cell.size};
  if (lora::method(spec.name).has_lora) spec.lora = run.lora;
  return spec;
}

// In what the cell differs from those that the rates were searched with; "" where in nothing.
static std::string unlike_search(const Cell& cell) {
  const Cell usual;
  std::vector<std::string> searched;
  if (cell.depth != usual.depth) searched.push_back(fmt::format("at depth {}", usual.depth));
  if (!cell.blocks.empty() && std::ssize(cell.blocks) < cell.depth)
    searched.push_back("on all blocks");
  if (cell.lr_ratio != usual.lr_ratio) searched.push_back("with one rate for A and B");
  return searched.empty() ? "" : fmt::format("; searched {}", fmt::join(searched, ", "));
}

LearningRate learning_rate(const Cell& cell, const LearningRates& recorded) {
  const std::string what = fmt::format("{} {}{}{}", cell.task, cell.method,
                                       cell.targets.empty() ? "" : " ", weight_set(cell.targets));
  LearningRate rate{lora::method(cell.method).has_lora ? default_lora_lr : default_full_lr,
                    fmt::format("the default of {}; none is recorded for {}", cell.method, what)};
  for (const LrSearch& search : recorded.searches)
    if (search.task == cell.task && search.method == cell.method &&
        weight_set(search.targets) == weight_set(cell.targets))
      rate = {search.choice.lr, "recorded for " + what + unlike_search(cell)};
  if (const int usual = Cell().width; cell.width != usual) {
    rate.lr *= static_cast<double>(usual) / cell.width;
    rate.source += fmt::format("; times {}/{} for the width", usual, cell.width);
  }
  return rate;
}

std::vector<lora::Target> targets_of(const TrainRun& run) {
  return lora::plan(run.base.model, run.lora);
}

nn::Index trainable_count(const TrainRun& run) { return lora::count(spec_of(run), run.base.model); }

// What a folder of any method holds; one with the files of two is not read again.
static std::vector<fs::path> trained_files(const TrainRun& run, const fs::path& out) {
  if (run.cell.method == "full") return {out};
  std::vector<fs::path> files{out / "adapter_model.safetensors", out / "adapter_config.json",
                              out / "method.safetensors"};
  if (run.cell.method != "lora") std::swap(files.front(), files.back());  // what is written first
  return files;
}

void check_output(const TrainRun& run, const fs::path& out) {
  std::vector<fs::path> files = trained_files(run, out);
  files.push_back(loss_path(run, out));
  files.push_back(loss_path(run, out, ".svg"));
  for (const fs::path& file : files) refuse_to_replace("--out", file);
  constexpr nn::Index for_names_and_settings = 16'384;
  nn::check_writable(files.front(), static_cast<std::size_t>(trainable_count(run)) * sizeof(float) +
                                        for_names_and_settings);
}

namespace {

std::unique_ptr<nn::Decoder> model_for(const Base& base, const TrainRun& run) {
  auto model = copy_of(decoder_of(base));
  lora::wrap(*model, spec_of(run), run.cell.seed_of_init());
  return model;
}

void save_trained(nn::Decoder& model, const TrainRun& run, const fs::path& out) {
  if (run.cell.method == "full") {
    nn::create_folders(out.parent_path());
    nn::save_checkpoint(out, model, labels(run.cell, run.base));
  } else {
    lora::save_method(out, model, spec_of(run),
                      {base_path(run.base, "").string(), labels(run.cell, run.base)});
  }
}

}  // namespace

TrainResult train_and_save(const Base& base, const TrainRun& run, const fs::path& out) {
  const Cell& cell = run.cell;
  const data::Task& task = data::parse_task(cell.task);
  const auto examples = training_examples(cell);
  const auto held_out = data::validation_set(task, task_options(cell), cell.seed_of_data());
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
  if (run.cell.method != "full") return out / (std::string("loss") + extension);
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

}  // namespace experiments::cli
