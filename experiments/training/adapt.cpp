#include "experiments/training/adapt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "experiments/training/batches.h"
#include "experiments/training/random_subspace.h"
#include "experiments/training/stopped.h"
#include "experiments/training/take_step.h"
#include "experiments/training/task_score.h"

namespace experiments::training {

data::TaskOptions task_options(const Cell& cell) {
  data::TaskOptions options;
  if (cell.facts > 0) options.facts = cell.facts;
  return options;
}

// The targets of some blocks by their full names. One that a block lacks is named in it, so that
// the plan finds it missing and says which there are.
static std::vector<std::string> targets_in_blocks(const Cell& cell) {
  nn::DecoderConfig model = BaseConfig::default_model();
  model.layers = cell.depth;
  const std::vector<nn::SlotShape> slots = nn::slot_shapes(model);
  std::vector<std::string> names;
  for (const int block : cell.blocks)
    for (const std::string& target : cell.targets) {
      const std::string in_block = fmt::format("blocks.{}.", block);
      const auto found = std::find_if(slots.begin(), slots.end(), [&](const nn::SlotShape& slot) {
        return slot.name.starts_with(in_block) && slot.name.ends_with("." + target);
      });
      names.push_back(found == slots.end() ? in_block + target : found->name);
    }
  return names;
}

// ih and hh of each layer, or of those that the cell names as its blocks.
static std::vector<std::string> targets_in_layers(const Cell& cell) {
  std::vector<std::string> names;
  for (int k = 0; k < cell.depth; ++k)
    if (cell.blocks.empty() || std::ranges::count(cell.blocks, k) > 0)
      for (const std::string& target : cell.targets)
        names.push_back(fmt::format("{}_l{}", target, k));
  return names;
}

lora::LoraConfig lora_config(const Cell& cell) {
  lora::LoraConfig config;
  config.targets = is_recurrent(cell)    ? targets_in_layers(cell)
                   : cell.blocks.empty() ? cell.targets
                                         : targets_in_blocks(cell);
  config.spec = {cell.rank, cell.alpha, lora::parse_scaling(cell.scaling),
                 lora::parse_init(cell.init), cell.dropout};
  return config;
}

lora::MethodSpec method_spec(const Cell& cell) {
  if (cell.method == "subspace")
    return {"full"};  // which train() then moves in cell.size dimensions
  lora::MethodSpec spec{cell.method, cell.size};
  if (lora::method(cell.method).has_lora) spec.lora = lora_config(cell);
  return spec;
}

int usual_size(const lora::Method& method, const nn::DecoderConfig& model) {
  if (!method.size_is) return 0;
  if (method.has_lora) return 8;
  lora::MethodSpec lora{"lora"};
  lora.lora.targets = {"q", "v"};
  lora.lora.spec.rank = 4;
  return static_cast<int>(lora::nearest({method.name}, lora::count(lora, model), model).size);
}

// As if the last bit of every number that is trained had been rounded the other way. Zeros stay, B's
// among them: the float next to zero is none that rounding leads to.
static void round_otherwise(nn::Module& model) {
  for (nn::Parameter* p : nn::trainable_parameters(model)) {
    nn::Tensor moved = p->value;
    moved.m = moved.m.unaryExpr([](nn::Scalar x) {
      return x == 0 ? x : std::nextafter(x, std::numeric_limits<nn::Scalar>::infinity());
    });
    p->set(moved);
  }
}

std::unique_ptr<nn::Model> prepare(const Base& base, const Cell& cell) {
  check_cell(cell);
  std::unique_ptr<nn::Model> model = copy_of(*base.model);
  if (cell.method == "frozen")
    nn::set_trainable(*model, false);
  else if (auto* decoder = dynamic_cast<nn::Decoder*>(model.get()))
    lora::wrap(*decoder, method_spec(cell), cell.seed_of_init());
  else if (cell.method == "full")
    nn::set_trainable(*model, true);
  else
    lora::inject(*model, lora_config(cell), cell.seed_of_init());
  if (cell.rounding == "other") round_otherwise(*model);
  return model;
}

// Hayou et al. 2024 (LoRA+): B starts at zero and wants a larger rate than A.
static std::vector<nn::ParameterGroup> parameter_groups(nn::Module& model, const Cell& cell) {
  if (cell.lr_ratio == 1) return {{nn::parameters(model)}};
  nn::ParameterGroup others, of_B{.parameters = {}, .lr_factor = cell.lr_ratio};
  for (const auto& [name, layer] : lora::lora_layers(model)) of_B.parameters.push_back(&layer->B);
  for (nn::Parameter* p : nn::parameters(model))
    if (std::ranges::count(of_B.parameters, p) == 0) others.parameters.push_back(p);
  return {others, of_B};
}

std::unique_ptr<nn::Optimizer> make_optimizer(nn::Module& model, const Cell& cell) {
  std::vector<nn::ParameterGroup> groups = parameter_groups(model, cell);
  if (cell.optimizer == "sgd") return std::make_unique<nn::Sgd>(std::move(groups), 0.9);
  return std::make_unique<nn::AdamW>(std::move(groups));
}

namespace {

// Batches of examples in random order, each example once before any comes again.
class Shuffled {
 public:
  Shuffled(std::span<const data::Example> examples, nn::Random random)
      : examples_(examples), random_(random) {}

  nn::TokenBatch next(int batch) {
    std::vector<data::Example> rows;
    for (int i = 0; i < batch; ++i) {
      if (at_ == order_.size()) {
        order_ = random_.permutation(static_cast<int>(examples_.size()));
        at_ = 0;
      }
      rows.push_back(examples_[static_cast<std::size_t>(order_[at_++])]);
    }
    return token_batch(data::make_batch(rows));
  }

 private:
  std::span<const data::Example> examples_;
  nn::Random random_;
  std::vector<int> order_;
  std::size_t at_ = 0;
};

}  // namespace

double train(nn::Model& model, const Cell& cell, std::span<const data::Example> examples,
             const AdaptOptions& options, const std::atomic<bool>& stop, const OnStep& on_step) {
  Shuffled batches(examples, nn::Random(cell.seed_of_data(), "adapt.order"));
  nn::Random dropout(cell.seed_of_init(), "adapt.dropout");
  std::optional<Subspace> subspace;  // then its coordinates are trained, and the model follows
  if (cell.method == "subspace") subspace.emplace(model, cell.size, cell.seed_of_init());
  const auto optimizer =
      make_optimizer(subspace ? static_cast<nn::Module&>(*subspace) : model, cell);
  const nn::Schedule schedule{cell.lr, std::lround(options.warmup * cell.steps), cell.steps};
  nn::Tape tape(autograd::TapeMode::training);
  double last_loss = 0;

  for (int step = 0; step < cell.steps; ++step) {
    if (stop) throw Stopped(fmt::format("stopped after {} of {} steps", step, cell.steps));
    last_loss = take_step(*optimizer, schedule.lr(step), options.clip, [&] {
      tape.clear();
      const nn::Pass pass{tape, cell.dropout > 0 ? &dropout : nullptr};
      const nn::Var loss = nn::token_loss(pass, model, batches.next(options.batch));
      tape.backward(loss);
      if (subspace) subspace->take_gradient();
      return static_cast<double>(loss.value().item());
    });
    if (subspace) subspace->move_model();
    if (on_step) on_step({step + 1, cell.steps, last_loss, schedule.lr(step)});
  }
  return last_loss;
}

std::vector<data::Example> training_examples(const Cell& cell) {
  std::vector<data::Example> examples =
      data::examples(data::parse_task(cell.task), task_options(cell), data::Split::train,
                     cell.seed_of_data(), cell.examples);
  if (cell.labels == "true") return examples;
  return data::with_permuted_answers(std::move(examples),
                                     autograd::Random(cell.seed_of_data(), "labels.permuted"));
}

CellResult run_cell(const Base& base, const Cell& cell, ScoreOn score_on,
                    const std::atomic<bool>& stop, const Measure& measure) {
  const data::Task& task = data::parse_task(cell.task);
  const data::TaskOptions options = task_options(cell);
  std::unique_ptr<nn::Model> model = prepare(base, cell);

  CellResult result;
  result.cell = cell;
  if (cell.method != "frozen") {
    try {
      result.more["train_nll"] = train(*model, cell, training_examples(cell), {}, stop);
    } catch (const nn::NonFiniteGradient&) {  // it diverged; it is scored as it was left
      result.more["train_nll"] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  const auto held_out = score_on == ScoreOn::test
                            ? data::test_set(task, options, cell.seed_of_data())
                            : data::validation_set(task, options, cell.seed_of_data());
  const TaskScore score = score_task_or_nan(*model, held_out);
  result.metric = score.metric;
  result.value = score.value;
  result.nll = score.nll;
  result.trainable =
      cell.method == "subspace" ? cell.size : nn::count(nn::trainable_parameters(*model));
  if (measure) measure(*model, result);
  return result;
}

}  // namespace experiments::training
