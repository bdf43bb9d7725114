#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "experiments/cli/analyse.h"
#include "experiments/cli/pretrained_data.h"
#include "experiments/cli/pretrained_source.h"
#include "lora/analysis/activations.h"
#include "nn/models/step.h"

namespace experiments::cli {

namespace {

// Row b alone, without its padding: what stands there is in no text.
nn::LabelledInputs row_alone(const nn::LabelledInputs& all, nn::Index b) {
  const nn::Index T = all.inputs.T;
  const auto part = [&](const auto& of_all, nn::Index each) {
    auto row = of_all;
    if (!row.empty()) row.assign(of_all.begin() + b * each, of_all.begin() + (b + 1) * each);
    return row;
  };
  const bool of_rows = static_cast<nn::Index>(all.labels.size()) == all.inputs.B;
  nn::LabelledInputs row{
      {1, T, part(all.inputs.ids, T), part(all.inputs.mask, T), part(all.inputs.types, T)},
      part(all.labels, of_rows ? 1 : T)};
  const auto holes = [&] { return !std::ranges::is_sorted(row.inputs.mask, std::greater{}); };
  if (row.inputs.mask.empty() || holes()) return row;
  const auto length = std::ranges::count(row.inputs.mask, 1);
  row.inputs.T = length;
  row.inputs.ids.resize(static_cast<std::size_t>(length));
  if (!row.inputs.types.empty()) row.inputs.types.resize(static_cast<std::size_t>(length));
  if (!of_rows) row.labels.resize(static_cast<std::size_t>(length));
  row.inputs.mask.clear();
  return row;
}

// Whether loss() finds something to learn in it.
bool has_label(const nn::Pretrained& model, const nn::LabelledInputs& row) {
  const auto first = row.labels.begin() + (model.head == nn::Head::causal ? 1 : 0);
  return std::any_of(first, row.labels.end(), [](int label) { return label >= 0; });
}

/// What passes the data through a model, row by row: forward, and forward and back.
struct Passes {
  std::function<void(nn::Pretrained&model)> forward, backward;
};

void read_row(nn::Pretrained& model, const nn::Inputs& row) {
  nn::Tape tape(autograd::TapeMode::values);
  (void)model.hidden({tape}, row);
}

Passes passes_of(const nn::LabelledInputs& given) {
  const auto forward = [given](nn::Pretrained& model) {
    for (nn::Index b = 0; b < given.inputs.B; ++b) read_row(model, row_alone(given, b).inputs);
  };
  const auto backward = [given](nn::Pretrained& model) {
    for (nn::Index b = 0; b < given.inputs.B; ++b) {
      const nn::LabelledInputs row = row_alone(given, b);
      if (!has_label(model, row)) continue;
      nn::Tape tape(autograd::TapeMode::training);
      const nn::Var last = model.hidden({tape}, row.inputs);
      tape.backward(nn::loss({tape}, model, row.inputs, last, row.labels));
    }
  };
  return {forward, backward};
}

// At equal distances, not more than are wanted.
std::vector<finetune::Text> some_of(const std::vector<finetune::Text>& texts) {
  const std::size_t count = std::min(texts.size(), texts_analysed);
  std::vector<finetune::Text> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(texts[i * texts.size() / count]);
  return some;
}

Passes passes_of(const std::vector<finetune::Text>& texts, int pad) {
  const auto forward = [texts, pad](nn::Pretrained& model) {
    for (const finetune::Text& text : texts) {
      const finetune::Text* row = &text;
      read_row(model, finetune::text_batch(model, std::span(&row, 1), pad).inputs);
    }
  };
  const auto backward = [texts, pad](nn::Pretrained& model) {
    nn::Tape tape(autograd::TapeMode::training);
    for (const finetune::Text& text : texts) {
      const finetune::Text* row = &text;
      finetune::add_gradients(tape, model, std::span(&row, 1), {.pad = pad});
    }
  };
  return {forward, backward};
}

Moments moments_of(nn::Pretrained& model, const Passes& passes,
                   const std::set<std::string>& projections) {
  // Nothing of it is moved: norms and biases train only so that gradients flow through all layers.
  for (nn::Parameter* p : nn::parameters(model)) p->trainable = p->value.rows() == 1;
  Moments moments;
  moments.inputs = lora::input_second_moments(
      model, [&] { passes.forward(model); }, projections);
  moments.gradients = lora::output_gradient_moments(
      model, [&] { passes.backward(model); }, projections);
  for (const std::string& name : projections)
    if (!moments.inputs.contains(name) || !moments.gradients.contains(name))
      throw std::invalid_argument(
          fmt::format("no gradient of the loss reaches {}: what it does is in no answer", name));
  return moments;
}

// What the labels were that it was trained on, where it says so: "true" or "permuted".
std::string labels_of(const std::filesystem::path& adapter) {
  if (!lora::says_its_base(adapter)) return "true";
  const nn::Metadata said = lora::describe_adapter(adapter).metadata;
  const auto labels = said.find("labels");
  return labels == said.end() ? "true" : labels->second;
}

class Analyser {
 public:
  explicit Analyser(const PretrainedAnalyse& given) : folder_(given.model) {
    const Passes passes = passes_of_data(given);
    std::set<std::string> names;
    for (const auto& adapter : {given.adapter, given.against, given.shuffled})
      if (!adapter.empty())
        for (const auto& [name, layer] : lora::lora_layers(*under(adapter))) names.insert(name);
    moments_ = moments_of(*without_change(given.adapter), passes, names);
  }

  AdapterReading read(const std::filesystem::path& adapter) {
    AdapterReading reading;
    reading.adapter = adapter.string();
    reading.labels = labels_of(adapter);
    reading.matrices = read_matrices(reading.adapter, *under(adapter), moments_);
    return reading;
  }

 private:
  static Passes passes_of_data(const PretrainedAnalyse& given) {
    if (given.inputs.empty()) {
      PretrainedGenerate how;
      how.model = given.model, how.adapter = given.adapter;
      const ModelAndData read = read_model_and_data(how, given.data, /*length=*/{});
      return passes_of(some_of(read.file.texts), read.pad);
    }
    const nn::LabelledInputs inputs = nn::read_inputs(given.inputs);
    if (inputs.labels.empty())
      throw nn::InputsError(
          fmt::format("{}: there are no \"labels\", without which no gradient says "
                      "where a change matters",
                      given.inputs.string()));
    return passes_of(inputs);
  }

  // The base, with the classifier that the adapter may have brought: its ΔW are 0.
  std::unique_ptr<nn::Pretrained> without_change(const std::filesystem::path& adapter) {
    std::unique_ptr<nn::Pretrained> model = under(adapter);
    for (const auto& [name, layer] : lora::lora_layers(*model))
      layer->B.set(nn::Tensor(layer->B.value.shape));
    return model;
  }

  // The model is read again for each adapter, which may replace biases and whole modules of it.
  std::unique_ptr<nn::Pretrained> under(const std::filesystem::path& adapter) {
    auto [model, config, labels] = load_pretrained(folder_, adapter);
    if (lora::lora_layers(*model).empty())
      throw std::invalid_argument(fmt::format(
          "{} is an adapter of {} that changes no matrix by a ΔW = s B A; analyse reads those of LoRA",
          adapter.string(), lora::to_string(config.type)));
    return std::move(model);
  }

  nn::ModelFolder folder_;
  Moments moments_;
};

}  // namespace

Analysis analyse_pretrained(const PretrainedAnalyse& given) {
  Analyser analyser(given);
  Analysis analysis;
  analysis.data = (given.inputs.empty() ? given.data.path : given.inputs).string();
  analysis.base = given.model.string();
  analysis.adapter = analyser.read(given.adapter);
  if (!given.shuffled.empty()) {
    analysis.shuffled = analyser.read(given.shuffled);
    analysis.shared_of_shuffled = shared_directions(analysis.adapter, *analysis.shuffled);
  }
  if (!given.against.empty()) {
    analysis.against = analyser.read(given.against);
    analysis.shared = shared_directions(analysis.adapter, *analysis.against);
  }
  return analysis;
}

}  // namespace experiments::cli
