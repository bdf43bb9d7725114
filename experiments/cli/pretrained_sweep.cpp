#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/cli/pretrained_plan.h"
#include "experiments/cli/sweep_output.h"
#include "experiments/harness/worker_threads.h"
#include "experiments/training/stopped.h"
#include "nn/files/file.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

namespace experiments::cli {

namespace fs = std::filesystem;

namespace {

/// What all cells are trained and scored on. Cells run beside each other, and read it alone.
struct Shared {
  nn::ModelFolder folder;
  Prepared prepared;  // of the first row; its model has been given back
  finetune::FinetuneTexts training = {};
  std::map<std::string, PretrainedTrain> trains = {};  // by the key of a cell without its seed
  fs::path states = {};                                // of the cells that are being trained
  bool is_classifier = false;
};

std::string key_of_row(Cell cell) {
  cell.seed = 0;
  return cell.key();
}

Cell cell_of(const PretrainedTrain& train, const Prepared& prepared,
             const nn::ModelFolder& folder) {
  const finetune::Recipe& recipe = train.recipe;
  const std::size_t texts = prepared.texts.training.size();
  const auto batch = static_cast<std::size_t>(recipe.batch);
  Cell cell;
  cell.task = train.data.path.filename().string();
  cell.method = train.is_full ? "full" : "lora";
  cell.base = "model";
  cell.architecture = folder.model_type();
  cell.width = static_cast<int>(prepared.model->sizes.width);
  cell.depth = static_cast<int>(prepared.model->sizes.layers);
  cell.lr = recipe.lr;
  cell.steps = static_cast<int>(recipe.steps_of(static_cast<long>((texts + batch - 1) / batch)));
  cell.examples = static_cast<int>(texts);
  if (train.is_full) return cell;
  const lora::LoraConfig& lora = train.lora;
  cell.targets = lora.targets;
  cell.rank = static_cast<int>(lora.spec.rank);
  cell.alpha = lora.spec.alpha;
  cell.scaling = lora::to_string(lora.spec.scaling);
  cell.init = lora::to_string(lora.spec.init);
  cell.dropout = lora.spec.dropout;
  cell.lr_ratio = recipe.lr_ratio;
  return cell;
}

// Trained without scores meanwhile. What diverges is not scored.
void train_and_score(const Shared& shared, const PretrainedTrain& train, const fs::path& state,
                     const std::atomic<bool>& stop, CellResult& result) {
  const auto model = load_trainable(train, shared.folder, shared.prepared.labels);
  result.trainable = static_cast<long>(nn::count(nn::trainable_parameters(*model)));
  const auto trained = finetune::finetune(*model, shared.training, train.recipe, train.seed,
                                          {state, identity(train, shared.folder)}, stop);
  constexpr int rows_at_once = 16;
  const finetune::TextScore score = finetune::score_texts(*model, shared.prepared.texts.validation,
                                                          rows_at_once, shared.prepared.texts.pad);
  result.value = score.share();
  result.nll = score.mean_nll();
  result.more["train_nll"] = trained.last_loss;
}

CellResult train_cell(const Shared& shared, const Cell& cell, const std::atomic<bool>& stop) {
  PretrainedTrain train = shared.trains.at(key_of_row(cell));
  train.seed = cell.seed;
  CellResult result;
  result.cell = cell;
  result.metric = shared.is_classifier ? "accuracy" : "tokens_right";
  const fs::path state = shared.states / fmt::format("{:016x}.state", autograd::fnv1a(cell.key()));
  try {
    train_and_score(shared, train, state, stop, result);
  } catch (const nn::NonFiniteGradient&) {
    result.nll = std::numeric_limits<double>::quiet_NaN();
  } catch (const nn::NonFiniteLogits&) {
    result.nll = std::numeric_limits<double>::quiet_NaN();
  }
  if (!shared.is_classifier) result.more["perplexity"] = std::exp(result.nll);
  std::error_code ignored;
  fs::remove(state, ignored);
  return result;
}

/// What a step takes on one thread, as cells are computed, measured for each method.
class Costs {
 public:
  void measure(const PretrainedTrain& train, const Shared& shared) {
    const auto [at, is_new] = costs_.try_emplace(train.is_full ? "full" : "lora");
    if (!is_new) return;
    harness::side_by_side(1, 1, [&](std::size_t) {
      const auto model = load_trainable(train, shared.folder, shared.prepared.labels);
      at->second = finetune::measure_step(*model, shared.prepared.texts, train.recipe, train.seed);
    });
  }

  SweepOptions options(int jobs) const {
    SweepOptions options;
    options.jobs = jobs;
    options.expected_seconds = [costs = costs_](const Cell& cell) {
      const finetune::Cost& cost = costs.at(cell.method);
      return cost.seconds_per_step * cell.steps + cost.seconds_per_score;
    };
    double most = 0;
    for (const auto& [method, cost] : costs_) most = std::max(most, cost.peak_mb);
    options.bytes_per_cell = static_cast<std::size_t>(1e6 * most);
    return options;
  }

 private:
  std::map<std::string, finetune::Cost> costs_;
};

// The first row prepares the data for all of them.
std::shared_ptr<Shared> share(const PretrainedSweep& given) {
  nn::ModelFolder folder(given.rows.front().train.model);
  Prepared prepared = prepare(with_targets(given.rows.front().train, folder), folder);
  auto shared = std::make_shared<Shared>(Shared{std::move(folder), std::move(prepared)});
  shared->training = {shared->prepared.texts.training, {}, shared->prepared.texts.pad};
  shared->states = given.settings.out / given.sweep.name / "states";
  shared->is_classifier = shared->prepared.model->head == nn::Head::classifier;
  return shared;
}

}  // namespace

int sweep_pretrained(const PretrainedSweep& given) {
  const std::shared_ptr<Shared> shared = share(given);
  beyond::sweep::Sweep sweep = given.sweep;
  sweep.score = shared->is_classifier ? "accuracy, %" : "tokens right, %";
  Progress progress;
  for (const std::string& remark : given.remarks) progress.message(remark);
  progress.message(shared->prepared.about_data);
  Costs costs;
  for (const PretrainedSweep::Row& row : given.rows) {
    const PretrainedTrain train = with_targets(row.train, shared->folder);
    const Cell cell = cell_of(train, shared->prepared, shared->folder);
    check_cell(cell);
    if (!shared->trains.emplace(key_of_row(cell), train).second) continue;
    sweep.rows.push_back({row.values, cell, row.lr_source});
    costs.measure(train, *shared);
  }
  shared->prepared.model.reset();
  nn::create_folders(shared->states);

  Experiment experiment = beyond::sweep::experiment(sweep);
  experiment.train = [shared](const Lab&, const Cell& cell, const std::atomic<bool>& stop) {
    return train_cell(*shared, cell, stop);
  };
  experiment.costs = [costs](int jobs) { return costs.options(jobs); };
  experiment.configuration = [shared, train = given.rows.front().train](const Settings&) {
    return nlohmann::json::parse(nn::text_of(shared_settings(train, shared->folder)));
  };
  Lab lab(given.settings, progress);
  run_and_print(sweep, experiment, lab);
  return 0;
}

}  // namespace experiments::cli
