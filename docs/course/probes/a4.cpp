// Calls what assignment a4 asks for, with the inputs of each case. It knows no results. Layers are
// made without the constructor that a question asks for, so that the others can be answered before it.
#include <optional>
#include <sstream>
#include <type_traits>

#include "lora/files/adapter.h"
#include "nn/files/file.h"
#include "own/a4_backward.h"
#include "probes/a4_layers.h"
#include "probes/leaves.h"
#include "probes/protocol.h"

namespace {

using course::Case;
using course::same_bits;
using course::tensor_of;
using course::write;
using course::write_gradient;
using lora::LoraLinear;
using nn::Matrix;
using nn::Parameter;
using nn::Tape;
using nn::Tensor;
using nn::Var;

void write(const std::string& name, const std::vector<std::string>& words) {
  write(name, fmt::format("{}", fmt::join(words, ",")));
}

/// The words of a text between commas.
std::vector<std::string> words(const Case& c, const std::string& key) {
  std::vector<std::string> found;
  if (!c.texts.contains(key)) return found;
  std::istringstream in(c.text(key));
  for (std::string word; std::getline(in, word, ',');) found.push_back(word);
  return found;
}

void pass_on_if_unwritten(const std::exception& error) {
  if (std::string(error.what()).find("is not written yet") != std::string::npos) throw;
}

/// What an action throws, by its type; "nothing" where it throws nothing.
template <class Action>
std::string thrown_by(const Action& action) {
  try {
    action();
  } catch (const lora::NonFiniteMerge&) {
    return "NonFiniteMerge";
  } catch (const lora::AdapterError&) {
    return "AdapterError";
  } catch (const nn::FileError&) {
    return "FileError";
  } catch (const std::logic_error& error) {
    pass_on_if_unwritten(error);
    return "std::logic_error";
  }
  return "nothing";
}

/// The message of what an action refuses; "" where it does not.
template <class Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

// ---- layers and models ----

std::unique_ptr<nn::Linear> linear_of(const Matrix& W, const Matrix& bias) {
  auto linear = std::make_unique<nn::Linear>(W.cols(), W.rows(), 0, 1, "linear");
  linear->weight.value.m = W;
  linear->bias.value.m = bias;
  return linear;
}

lora::LoraSpec spec_of(const Case& c) {
  lora::LoraSpec spec;
  if (c.ints.contains("rank")) spec.rank = c.ints.at("rank").at(0);
  if (c.has("A")) spec.rank = c.tensor("A").rows();
  spec.alpha = c.number("alpha");
  if (c.texts.contains("rule")) spec.scaling = lora::parse_scaling(c.text("rule"));
  if (c.texts.contains("init")) spec.init = lora::parse_init(c.text("init"));
  if (c.numbers.contains("dropout")) spec.dropout = c.number("dropout");
  return spec;
}

/// The members of a LoraLinear in their order. A layer that is moved out of it has had no constructor
/// of its own; the compilers of the course lay both out alike.
struct Members final : nn::Projection {
  std::unique_ptr<nn::Linear> base;
  lora::LoraSpec spec;
  Parameter A, B;
  std::optional<Tensor> w0;

  Var forward(const nn::Pass&, Var x) override { return x; }
  void visit(const std::string&, const Visitor&) override {}
  nn::Index in_features() const override { return base->in_features(); }
  nn::Index out_features() const override { return base->out_features(); }
};
static_assert(sizeof(Members) == sizeof(LoraLinear));
static_assert(std::is_move_constructible_v<LoraLinear>);

std::unique_ptr<LoraLinear> layer_of(std::unique_ptr<nn::Linear> linear, const lora::LoraSpec& spec,
                                     const Matrix& A, const Matrix& B) {
  Members members;
  members.base = std::move(linear);
  nn::set_trainable(*members.base, false);
  members.spec = spec;
  members.A.value = tensor_of(A);
  members.B.value = tensor_of(B);
  return std::make_unique<LoraLinear>(std::move(reinterpret_cast<LoraLinear&>(members)));
}

/// The same in its merged state, with the weight W.
std::unique_ptr<LoraLinear> merged_layer(const Matrix& W, const Matrix& w0, const Matrix& bias,
                                         const lora::LoraSpec& spec, const Matrix& A,
                                         const Matrix& B) {
  Members members;
  members.base = linear_of(W, bias);
  nn::set_trainable(*members.base, false);
  members.spec = spec;
  members.A.value = tensor_of(A);
  members.B.value = tensor_of(B);
  members.w0 = tensor_of(w0);
  return std::make_unique<LoraLinear>(std::move(reinterpret_cast<LoraLinear&>(members)));
}

/// A model of some projections in slots, and of a norm beside them.
struct Parts final : nn::Module {
  std::vector<std::pair<std::string, std::unique_ptr<nn::Projection>>> slots;
  Parameter weight{"", Tensor({3})}, bias{"", Tensor({3})};

  void visit(const std::string& prefix, const Visitor& fn) override {
    for (auto& [name, slot] : slots) slot->visit(nn::join(prefix, name), fn);
    fn(nn::join(prefix, "norm.weight"), weight);
    fn(nn::join(prefix, "norm.bias"), bias);
  }
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override {
    for (auto& [name, slot] : slots) fn(nn::join(prefix, name), slot);
  }
};

/// What must not change where something is refused.
struct Snapshot {
  std::vector<std::string> names, types;
  std::vector<Matrix> values;
  std::vector<bool> trains;

  explicit Snapshot(nn::Module& model) {
    for (const Parameter* p : nn::parameters(model)) {
      names.push_back(p->name);
      values.push_back(p->value.m);
      trains.push_back(p->trainable);
    }
    model.visit_slots("", [&](const std::string&, std::unique_ptr<nn::Projection>& slot) {
      types.push_back(fmt::format("{}", fmt::ptr(slot.get())));
    });
  }
  bool operator==(const Snapshot& other) const {
    bool same = names == other.names && trains == other.trains && types == other.types;
    for (std::size_t i = 0; same && i < values.size(); ++i)
      same = same_bits(values[i], other.values[i]);
    return same;
  }
};

// ---- the questions ----

void run_start(const Case& c) {
  const lora::LoraSpec spec = spec_of(c);
  const auto seed = static_cast<std::uint64_t>(c.number("seed"));
  const auto made = [&](nn::Index rank) {
    lora::LoraSpec changed = spec;
    changed.rank = rank;
    return LoraLinear(linear_of(c.tensor("W0"), c.tensor("bias")), changed, seed, c.text("name"));
  };
  LoraLinear layer = made(spec.rank);
  write("A", layer.A.value.m);
  write("B", layer.B.value.m);
  write("A_and_B_train", layer.A.trainable && layer.B.trainable);
  write("frozen_in_base", !layer.base->weight.trainable + !layer.base->bias.trainable);
  write("W0_same_bits", same_bits(layer.w0().m, c.tensor("W0")));
  write("merged", layer.merged());
  const LoraLinear other = made(spec.rank == 1 ? 2 : 1);
  write("shares_a_row_with_another_rank",
        same_bits(layer.A.value.m.topRows(1), other.A.value.m.topRows(1)));
}

/// Whether a value on the tape has the sizes of B A, and is not W0 itself.
bool forms_product(const Tape& tape, const LoraLinear& layer) {
  const nn::Index in = layer.in_features(), out = layer.out_features();
  for (int id = 0; id < tape.size(); ++id) {
    const autograd::Node& node = tape.node(id);
    const nn::Index rows = node.shape.rows(), cols = node.shape.cols();
    const bool fits = (rows == out && cols == in) || (rows == in && cols == out);
    if (fits && node.parameter != &layer.base->weight) return true;
  }
  return false;
}

void run_forward(const Case& c) {
  const Matrix &W0 = c.tensor("W0"), &bias = c.tensor("bias"), &A = c.tensor("A"),
               &B = c.tensor("B");
  const auto layer = c.has("merged") ? merged_layer(c.tensor("merged"), W0, bias, spec_of(c), A, B)
                                     : layer_of(linear_of(W0, bias), spec_of(c), A, B);
  Parameter x{"x", tensor_of(c.tensor("x"))};
  if (c.ints.contains("folded"))  // (batch, positions, in)
    x.value.shape = {c.ints.at("folded").at(0), c.ints.at("folded").at(1), x.value.cols()};
  x.trainable = !c.texts.contains("x_frozen");
  std::optional<nn::Random> stream;
  if (c.numbers.contains("stream"))
    stream.emplace(static_cast<std::uint64_t>(c.number("stream")), "dropout");

  Tape tape(autograd::TapeMode::everything, autograd::Fresh::nan);
  const nn::Pass pass{tape, stream ? &*stream : nullptr};
  const Var h = layer->forward(pass, tape.parameter(x));
  write("y_shape", h.shape().str());
  write("y", h.value().m);
  write("forms_B_A", forms_product(tape, *layer));
  if (B.isZero(0)) {
    Tape plain;
    const Var base = layer->base->forward({plain}, plain.parameter(x));
    write("starts_as_the_base", same_bits(h.value().m, base.value().m));
  }
  if (!x.trainable && layer->merged()) return;  // nothing trains
  tape.backward(h, tensor_of(c.tensor("dh"), h.shape()));
  write_gradient("dA", layer->A.grad);
  write_gradient("dB", layer->B.grad);
  write_gradient("dx", x.grad);
  write("dW0", !layer->base->weight.grad.empty());
  if (B.isZero(0) && !layer->A.grad.empty()) {
    write("dA_is_exactly_0", layer->A.grad.m.isZero(0));
    write("dB_is_0", layer->B.grad.m.isZero(0));
  }
}

void run_by_hand(const Case& c) {
  course::a4::Layer layer;
  layer.W0 = c.tensor("W0");
  layer.b = c.tensor("bias");
  layer.A = c.tensor("A");
  layer.B = c.tensor("B");
  layer.s = c.number("s");
  const Matrix K = c.has("K") ? c.tensor("K") : Matrix();
  // Neither is told by what the other one did.
  std::string not_forward, not_backward;
  try {
    write("H", course::a4::forward(layer, c.tensor("X"), K));
  } catch (const std::exception& error) {
    not_forward = error.what();
  }
  try {
    const course::a4::Gradients d = course::a4::backward(layer, c.tensor("X"), K, c.tensor("dH"));
    write("dA", d.dA);
    write("dB", d.dB);
    write("dX", d.dX);
  } catch (const std::exception& error) {
    not_backward = error.what();
  }
  const std::string& message = not_forward.empty() ? not_backward : not_forward;
  if (!message.empty()) throw std::logic_error(message);
}

lora::LoraConfig config_of(const Case& c) {
  lora::LoraConfig config;
  config.targets = words(c, "targets");
  if (c.texts.contains("regex")) config.targets_regex = c.text("regex");
  config.spec = spec_of(c);
  for (const std::string& entry : words(c, "ranks"))  // name=rank
    config.rank_pattern.emplace_back(entry.substr(0, entry.find('=')),
                                     std::stol(entry.substr(entry.find('=') + 1)));
  for (const std::string& entry : words(c, "alphas"))
    config.alpha_pattern.emplace_back(entry.substr(0, entry.find('=')),
                                      std::stod(entry.substr(entry.find('=') + 1)));
  return config;
}

void run_inject(const Case& c) {
  Parts model;
  const std::vector<std::string> slots = words(c, "slots");
  for (std::size_t i = 0; i < slots.size(); ++i)
    model.slots.emplace_back(
        slots[i], std::make_unique<nn::Linear>(c.ints.at("in").at(i), c.ints.at("out").at(i), 0.5,
                                               1, slots[i]));
  model.bias.trainable = false;
  nn::name_parameters(model);
  const Snapshot start(model);
  const lora::LoraConfig config = config_of(c);
  const auto seed = static_cast<std::uint64_t>(c.number("seed"));

  std::vector<LoraLinear*> returned;
  std::optional<Snapshot> before(start);
  std::string message = refusal([&] { returned = lora::inject(model, config, seed); });
  if (c.texts.contains("twice")) {
    before.emplace(model);
    message = refusal([&] { lora::inject(model, config, seed); });
  }
  write("refused", message);
  if (!message.empty()) write("unchanged", Snapshot(model) == *before);

  std::vector<std::string> of_layers;
  std::vector<double> ranks, alphas;
  for (const LoraLinear* layer : returned) {
    std::string name = "a layer that is in no slot";
    for (const auto& [slot_name, slot] : model.slots)
      if (slot.get() == layer) name = slot_name;
    of_layers.push_back(name);
    ranks.push_back(static_cast<double>(layer->spec.rank));
    alphas.push_back(layer->spec.alpha);
  }
  write("returned", of_layers);
  if (!returned.empty()) {
    write("ranks", course::row_of(ranks));
    write("alphas", course::row_of(alphas));
    write("last_A", returned.back()->A.value.m);
  }
  std::vector<std::string> names, trains;
  for (const Parameter* p : nn::parameters(model)) {
    names.push_back(p->name.empty() ? "nameless" : p->name);
    if (p->trainable) trains.push_back(names.back());
  }
  write("names", names);
  write("trains", trains);
  write("trainable_numbers", static_cast<double>(nn::count(nn::trainable_parameters(model))));
}

void run_merge(const Case& c) {
  const Matrix &W0 = c.tensor("W0"), &A = c.tensor("A"), &B = c.tensor("B");
  const auto layer = layer_of(linear_of(W0, c.tensor("bias")), spec_of(c), A, B);
  nn::name_parameters(*layer);
  const Parameter& weight = layer->base->weight;
  long version = weight.version;
  if (!B.allFinite()) {
    write("merging_throws", thrown_by([&] { layer->merge(); }));
    write("unchanged", same_bits(weight.value.m, W0) && same_bits(layer->w0().m, W0) &&
                           !layer->merged() && weight.version == version);
    return;
  }
  write("delta", Matrix(layer->delta()));
  write("unmerging_first_throws", thrown_by([&] { layer->unmerge(); }));
  const lora::MergeError error = layer->merge();
  write("merged_weight", weight.value.m);
  write("absolute_error", error.absolute);
  write("relative_error", error.relative);
  write("is_merged", layer->merged());
  write("w0_same_bits_while_merged", same_bits(layer->w0().m, W0));
  write("merging_raises_version", weight.version > version);
  const Matrix merged = weight.value.m;
  write("merging_twice_throws", thrown_by([&] { layer->merge(); }));
  write("same_weight_after_merging_twice", same_bits(weight.value.m, merged));
  if (!layer->merged()) return;
  version = weight.version;
  layer->unmerge();
  write("unmerging_raises_version", weight.version > version);
  for (int round = 0; round < 99; ++round) layer->merge(), layer->unmerge();
  write("W0_same_bits_after_100_rounds", same_bits(weight.value.m, W0));
  write("is_merged_after", layer->merged());
}

std::string on_one_line(std::string text) {
  for (char& letter : text)
    if (letter == '\n') letter = ' ';
  return text;
}

void write_folder(const std::filesystem::path& folder) {
  const nn::SafetensorsFile weights =
      nn::SafetensorsFile::read(folder / "adapter_model.safetensors");
  std::vector<std::string> metadata, keys;
  for (const auto& [key, value] : weights.metadata()) metadata.push_back(key + "=" + value);
  for (const nn::SafetensorsEntry& entry : weights.entries()) keys.push_back(entry.name);
  std::sort(keys.begin(), keys.end());
  write("metadata", metadata);
  write("keys", keys);
  for (const std::string& key : keys) write(key, weights.tensor(key).m);
  write("configuration", on_one_line(nn::read_file(folder / "adapter_config.json")));
}

void run_save(const Case& c) {
  Parts model;
  model.weight.trainable = c.texts.contains("norm_trains");
  model.bias.trainable = false;
  const std::vector<std::string> slots = words(c, "slots");
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const auto key = [&](const char* name) { return fmt::format("{}{}", name, i); };
    const Matrix &W0 = c.tensor(key("W")), bias = Matrix::Zero(1, W0.rows());
    std::unique_ptr<nn::Projection> projection = linear_of(W0, bias);
    nn::set_trainable(*projection, false);
    if (c.has(key("A"))) {
      lora::LoraSpec spec = spec_of(c);
      spec.rank = c.tensor(key("A")).rows();
      const Matrix &A = c.tensor(key("A")), &B = c.tensor(key("B"));
      if (c.texts.contains("merged"))
        projection = merged_layer(2 * W0, W0, bias, spec, A, B);
      else
        projection = layer_of(linear_of(W0, bias), spec, A, B);
    }
    model.slots.emplace_back(slots[i], std::move(projection));
  }
  nn::name_parameters(model);
  lora::AdapterLabels labels;
  if (c.texts.contains("base_model")) labels.base_model = c.text("base_model");
  for (const std::string& entry : words(c, "metadata"))  // key=value
    labels.metadata[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);

  const nn::TemporaryFolder scratch;
  const std::filesystem::path folder = scratch / "runs" / "adapter";
  const bool blocked = c.texts.contains("blocked");
  if (blocked) std::filesystem::create_directories(folder / "adapter_config.json");
  const Snapshot before(model);
  write("throws", thrown_by([&] { lora::save_adapter(folder, model, labels); }));
  write("unchanged", Snapshot(model) == before);
  write("folder_is_there", std::filesystem::exists(folder));
  write("weights_are_there", std::filesystem::exists(folder / "adapter_model.safetensors"));
  write("configuration_is_there", std::filesystem::is_regular_file(folder / "adapter_config.json"));
  if (std::filesystem::is_regular_file(folder / "adapter_config.json")) write_folder(folder);
}

void run(const Case& c) {
  const std::string& call = c.text("call");
  if (call == "scale")
    write("scale", lora::scale(lora::parse_scaling(c.text("rule")), c.number("alpha"),
                               c.ints.at("rank").at(0)));
  if (call == "start") run_start(c);
  if (call == "forward") run_forward(c);
  if (call == "by_hand") run_by_hand(c);
  if (call == "inject") run_inject(c);
  if (call == "merge") run_merge(c);
  if (call == "save") run_save(c);
  if (call == "check_layers") {
    const std::string fault = course::a4::check_layers([&](const course::a4::LayerSpec& spec) {
      return course::a4::shown_layer(spec, c.text("engine"));
    });
    write("verdict", fault.empty() ? "right" : "wrong");
    if (c.text("engine") == "right" && !fault.empty()) course::say(on_one_line(fault));
  }
}

}  // namespace

int main() { return course::answer(run); }
