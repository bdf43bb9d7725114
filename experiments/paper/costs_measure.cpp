#include <memory>

#include "experiments/harness/timing.h"
#include "experiments/paper/costs.h"
#include "experiments/training/adapt.h"
#include "experiments/training/batches.h"
#include "lora/files/adapter.h"
#include "nn/files/checkpoint.h"

namespace experiments::paper::costs {

namespace {

const std::vector<std::string> targets{"q", "v"};

Cell cost_cell(int width, int rank) {
  const Settings options;
  Cell cell = task_cell(options, data::tasks::sqlgen, 0, 1);
  cell.width = width;
  cell.base = "random";
  return rank == 0 ? full(cell) : lora_cell(cell, options, targets, rank);
}

// A model in training, one step at a time.
class Training {
 public:
  Training(const Base& base, const Cell& cell)
      : model_(prepare(base, cell)), optimizer_(make_optimizer(*model_, cell)) {
    const auto examples =
        data::examples(data::tasks::sqlgen, task_options(cell), data::Split::train, cell.seed, 32);
    batch_ = token_batch(data::make_batch(examples));
  }

  void step() {
    tape_.clear();
    const nn::Var loss = nn::token_loss({tape_}, *model_, batch_);
    optimizer_->zero_grad();
    tape_.backward(loss);
    nn::clip_gradients(optimizer_->parameters(), 1);
    optimizer_->step(1e-4);
  }

  nn::Model& model() { return *model_; }
  autograd::Stats stats() const { return tape_.stats(); }
  double optimizer_bytes() const { return static_cast<double>(optimizer_->bytes()); }

 private:
  std::unique_ptr<nn::Model> model_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  nn::TokenBatch batch_;
  nn::Tape tape_{autograd::TapeMode::training};
};

struct FileSize {
  double file, tensors;
};

// Of the adapter, or of a checkpoint: the base's is as large as that of any training of it.
FileSize saved_size(const Base& base, nn::Module& model, bool is_lora,
                    const std::filesystem::path& folder) {
  const std::filesystem::path scratch = folder / "scratch";
  std::filesystem::create_directories(scratch);
  const auto path = scratch / (is_lora ? "adapter_model.safetensors" : "model.safetensors");
  if (is_lora)
    lora::save_adapter(scratch, model);
  else
    nn::save_checkpoint(path, *copy_of(decoder_of(base)));
  FileSize size{static_cast<double>(std::filesystem::file_size(path)), 0};
  const nn::SafetensorsFile saved = nn::SafetensorsFile::read(path);
  for (const nn::SafetensorsEntry& entry : saved.entries())
    size.tensors += static_cast<double>(entry.end - entry.begin);
  std::filesystem::remove_all(scratch);
  return size;
}

CostRow sizes_of(const Base& base, Training& training, const Cell& cell,
                 const std::filesystem::path& folder) {
  training.step();  // gradients are there after the first
  const auto bytes = training.stats().bytes;
  const nn::DecoderConfig& shape = base.config.model;
  const auto number = [](autograd::Index x) { return static_cast<double>(x); };
  CostRow row;
  row.width = cell.width;
  row.rank = cell.rank;
  row.bytes = {number(bytes.frozen), number(bytes.trainable), number(bytes.gradients),
               training.optimizer_bytes()};
  row.activations = number(bytes.activations);
  row.by_formula = {.parameters = number(nn::count(nn::parameters(training.model()))),
                    .layers = number(shape.layers),
                    .d_model = number(shape.d_model),
                    .matrices = number(static_cast<autograd::Index>(targets.size())),
                    .rank = number(cell.rank),
                    .bytes = sizeof(nn::Scalar)};
  row.by_formula.parameters -= lora_parameters(row.by_formula);  // LoRA's own are beside the model
  const FileSize size = saved_size(base, training.model(), cell.rank > 0, folder);
  row.file = size.file;
  row.tensors = size.tensors;
  return row;
}

}  // namespace

std::vector<CostRow> measure_costs(const std::vector<int>& widths, const std::vector<int>& ranks,
                                   int rounds, const std::filesystem::path& folder) {
  std::vector<CostRow> all;
  for (const int width : widths) {
    BaseConfig config = base_config(0, 1, width, Cell().depth);
    const Base base{config, std::make_shared<nn::Decoder>(config.model, config.seed)};
    std::vector<std::unique_ptr<Training>> trainings;
    std::vector<std::function<void()>> steps;
    std::vector<CostRow> rows;
    for (std::size_t i = 0; i <= ranks.size(); ++i) {
      const int r = i == 0 ? 0 : ranks[i - 1];  // full fine-tuning first
      const Cell cell = cost_cell(width, r);
      trainings.push_back(std::make_unique<Training>(base, cell));
      rows.push_back(sizes_of(base, *trainings.back(), cell, folder));
      steps.emplace_back([training = trainings.back().get()] { training->step(); });
    }
    const auto seconds = interleaved_seconds(steps, rounds);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].seconds = seconds[i];
      rows[i].of_full = ratios(seconds[i], seconds[0]);
      all.push_back(rows[i]);
    }
  }
  return all;
}

}  // namespace experiments::paper::costs
