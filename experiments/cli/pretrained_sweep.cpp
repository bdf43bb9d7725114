#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/cli/pretrained_plan.h"
#include "experiments/cli/sweep_output.h"
#include "experiments/harness/worker_threads.h"
#include "experiments/training/stopped.h"
#include "lora/interop/attach.h"
#include "nn/files/file.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

namespace experiments::cli {

namespace fs = std::filesystem;

namespace {

/// What all cells are trained and scored on. Cells run beside each other, and read it alone.
struct Shared {
  nn::ModelFolder folder;
  std::vector<std::string> labels;  // of a classifier
  bool is_classifier = false;
  nn::Sizes sizes;
  finetune::FinetuneTexts texts;
  std::string about_data = {};
  nn::Json settings = {};                              // of all rows
  std::map<std::string, PretrainedTrain> trains = {};  // by the key of a cell without its seed
  std::map<std::string, finetune::Cost> costs = {};    // likewise
  fs::path states = {};                                // of the cells that are being trained
};

std::string key_of_row(Cell cell) {
  cell.seed = 0;
  return cell.key();
}

Cell cell_of(const PretrainedTrain& train, const Shared& shared) {
  const finetune::Recipe& recipe = train.recipe;
  const std::size_t texts = shared.texts.training.size();
  const auto batch = static_cast<std::size_t>(recipe.batch);
  Cell cell;
  cell.task = train.data.path.filename().string();
  cell.method = train.is_full ? "full" : "lora";
  cell.base = "model";
  cell.architecture = shared.folder.model_type();
  cell.width = static_cast<int>(shared.sizes.width);
  cell.depth = static_cast<int>(shared.sizes.layers);
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

// Trained without scores meanwhile, and scored once.
void train_and_score(const Shared& shared, const PretrainedTrain& train, const fs::path& state,
                     const std::string& run, const std::atomic<bool>& stop, CellResult& result) {
  const auto model = load_trainable(train, shared.folder, shared.labels);
  result.trainable = static_cast<long>(nn::count(nn::trainable_parameters(*model)));
  const finetune::FinetuneTexts training{shared.texts.training, {}, shared.texts.pad};
  const auto trained =
      finetune::finetune(*model, training, train.recipe, train.seed, {state, run}, stop);
  const finetune::TextScore score =
      finetune::score_texts(*model, shared.texts.validation, shared.texts.pad);
  result.value = score.share();
  result.nll = score.mean_nll();
  result.more["train_nll"] = trained.last_loss;
}

// What diverges has no score.
CellResult train_cell(const Shared& shared, const Cell& cell, const std::atomic<bool>& stop) {
  PretrainedTrain train = shared.trains.at(key_of_row(cell));
  train.seed = cell.seed;
  CellResult result;
  result.cell = cell;
  result.metric = shared.is_classifier ? "accuracy" : "tokens_right";
  result.value = result.nll = std::numeric_limits<double>::quiet_NaN();
  const std::string run = identity(train, shared.settings);
  const fs::path state = shared.states / fmt::format("{:016x}.state", autograd::fnv1a(run));
  try {
    train_and_score(shared, train, state, run, stop, result);
  } catch (const nn::NonFiniteGradient&) {
  } catch (const nn::NonFiniteLogits&) {
  }
  if (!shared.is_classifier) result.more["perplexity"] = std::exp(result.nll);
  std::error_code ignored;
  fs::remove(state, ignored);
  return result;
}

// Loads what the row trains, on one thread, as cells are computed: what does not fit the model, or
// could not be written as an adapter, is said before any row is trained.
finetune::Cost checked_cost(const Shared& shared, const PretrainedTrain& train) {
  finetune::Cost cost;
  harness::side_by_side(1, 1, [&](std::size_t) {
    const auto model = load_trainable(train, shared.folder, shared.labels);
    if (!train.is_full) (void)lora::collect(*model);
    cost = finetune::measure_step(*model, shared.texts, train.recipe, train.seed);
  });
  return cost;
}

SweepOptions options_of(const std::map<std::string, finetune::Cost>& costs, int jobs) {
  SweepOptions options;
  options.jobs = jobs;
  options.expected_seconds = [costs](const Cell& cell) {
    const finetune::Cost& cost = costs.at(key_of_row(cell));
    return cost.seconds_per_step * cell.steps + cost.seconds_per_score;
  };
  double most = 0;
  for (const auto& [row, cost] : costs) most = std::max(most, cost.peak_mb);
  options.bytes_per_cell = static_cast<std::size_t>(1e6 * most);
  return options;
}

// The first row's model says how the data are read.
std::shared_ptr<Shared> share(const PretrainedSweep& given) {
  const PretrainedTrain& first = given.rows.front().train;
  nn::ModelFolder folder(first.model);
  Prepared prepared = prepare(with_targets(first, folder), folder);
  auto shared = std::make_shared<Shared>(Shared{std::move(folder), prepared.labels,
                                                prepared.model->head == nn::Head::classifier,
                                                prepared.model->sizes, std::move(prepared.texts)});
  // Full fine-tuning freezes nothing, so a row of LoRA says how what is frozen is kept.
  const auto lora =
      std::ranges::find_if(given.rows, [](const auto& row) { return !row.train.is_full; });
  const PretrainedTrain& any = lora == given.rows.end() ? first : lora->train;
  shared->settings = shared_settings(any, shared->folder, shared->texts);
  shared->about_data = prepared.about_data;
  shared->states = given.settings.out / given.sweep.name / "states";
  return shared;
}

}  // namespace

int sweep_pretrained(const PretrainedSweep& given) {
  const std::shared_ptr<Shared> shared = share(given);
  beyond::sweep::Sweep sweep = given.sweep;
  sweep.score = shared->is_classifier ? "accuracy, %" : "tokens right, %";
  for (const PretrainedSweep::Row& row : given.rows) {
    const PretrainedTrain train = with_targets(row.train, shared->folder);
    const Cell cell = cell_of(train, *shared);
    check_cell(cell);
    if (!shared->trains.emplace(key_of_row(cell), train).second) continue;
    sweep.rows.push_back({row.values, cell, row.lr_source});
    shared->costs[key_of_row(cell)] = checked_cost(*shared, train);
  }
  Progress progress;
  for (const std::string& remark : given.remarks) progress.message(remark);
  progress.message(shared->about_data);
  std::error_code ignored;
  if (given.settings.start == Start::fresh) fs::remove_all(shared->states, ignored);
  nn::create_folders(shared->states);

  Experiment experiment = beyond::sweep::experiment(sweep);
  experiment.train = [shared](const Lab&, const Cell& cell, const std::atomic<bool>& stop) {
    return train_cell(*shared, cell, stop);
  };
  experiment.costs = [shared](int jobs) { return options_of(shared->costs, jobs); };
  experiment.configuration = [shared](const Settings&) {
    return nlohmann::json::parse(nn::text_of(shared->settings));
  };
  Lab lab(given.settings, progress);
  run_and_print(sweep, experiment, lab);
  return 0;
}

}  // namespace experiments::cli
