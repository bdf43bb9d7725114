#include "nn/recurrent/recurrent.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>

#include "lora/files/adapter.h"
#include "nn/files/safetensors.h"
#include "tests/nn/temporary_folder.h"

namespace recurrent_test {

// Built in float and in double. What PyTorch 2.13 computes with torch.nn.LSTM and GRU is in
// tests/data/recurrent, which make.py there wrote; larger ones of the same form are compared where
// the environment's LOWRANK_REFERENCES names their folder.

using nn::Index;
using nn::Parameter;
using nn::Recurrent;
using nn::SafetensorsFile;
using nn::Tape;
using nn::Tensor;
using nn::Var;
using Tensors = std::map<std::string, Tensor>;

namespace {

constexpr bool is_double = sizeof(nn::Scalar) == 8;
constexpr double lora_scale = 2;  // of all references: W' = W + 2 B A

SafetensorsFile reference(const std::string& name) {
  return SafetensorsFile::read(LOWRANK_SOURCE_DIR "/tests/data/recurrent/" + name + ".safetensors");
}

bool starts(const std::string& text, const char* start) { return text.starts_with(start); }

/// The reference's name of a parameter: weights.weight_ih_l0, lora_A.weight_ih_l0.
std::string key(const std::string& name) {
  for (const std::string factor : {"lora_A", "lora_B"})
    if (name.ends_with("." + factor))
      return factor + "." +
             nn::pytorch_name(name.substr(0, name.size() - factor.size()) + "weight");
  return "weights." + nn::pytorch_name(name);
}

nn::RecurrentConfig config_of(const SafetensorsFile& file) {
  const Tensor first = file.tensor("weights.weight_ih_l0");
  const Index H = file.tensor("weights.weight_hh_l0").cols(), gates = first.rows() / H;
  Index layers = 0;
  while (file.contains(fmt::format("weights.weight_hh_l{}", layers))) ++layers;
  return {gates == 4 ? nn::RecurrentKind::lstm : nn::RecurrentKind::gru, first.cols(), H, layers};
}

/// With the reference's weights, its LoRA included. Everything trains.
Recurrent model_of(const SafetensorsFile& file) {
  Recurrent model(config_of(file), 1);
  if (file.contains("lora_A.weight_ih_l0")) {
    lora::LoraConfig config;
    config.targets_regex = ".*";
    config.spec.rank = file.tensor("lora_A.weight_ih_l0").rows();
    config.spec.alpha = lora_scale * static_cast<double>(config.spec.rank);
    CHECK(lora::inject(model, config, 1).size() == 2 * model.layers.size());
  }
  nn::set_trainable(model, true);
  model.visit("", [&](const std::string& name, Parameter& p) {
    Tensor value = file.tensor(key(name));
    REQUIRE(value.shape.str() == p.value.shape.str());
    p.set(std::move(value));
  });
  return model;
}

/// (layers,B,H) as one (B,H) for each layer.
std::vector<Var> by_layer(Var state, const nn::Shape& shape) {
  const Var rows = autograd::reshape(state, {shape[0] * shape[1], shape[2]});
  std::vector<Var> layers;
  for (Index k = 0; k < shape[0]; ++k)
    layers.push_back(autograd::slice_rows(rows, k * shape[1], shape[1]));
  return layers;
}

/// Outputs, final states, loss and gradients under the reference's names.
Tensors run(Recurrent& model, const SafetensorsFile& file, bool with_lengths = true) {
  Tape tape(autograd::TapeMode::training, autograd::Fresh::nan);
  std::map<std::string, Parameter> inputs;
  for (const char* name : {"x", "initial.h", "initial.c"})
    if (file.contains(name)) inputs[name] = {name, file.tensor(name), {}, true};
  nn::RecurrentState initial;
  for (auto& [name, p] : inputs)
    if (starts(name, "initial"))
      (name == "initial.h" ? initial.h : initial.c) = by_layer(tape.parameter(p), p.value.shape);
  std::vector<int> lengths = file.int32("lengths");
  if (!with_lengths) lengths.clear();
  const nn::RecurrentOutput out =
      model.forward({tape}, tape.parameter(inputs.at("x")), lengths, initial);

  Tensors results{{"y", out.y.value()}};
  Var loss = sum(out.y * tape.constant(file.tensor("upstream")));
  for (const auto& [name, states] : {std::pair("final.h", out.state.h), {"final.c", out.state.c}})
    if (!states.empty()) {
      const Var all = autograd::concat_rows(states);
      results[name] = all.value();
      loss = loss + sum(all * all);
    }
  results["loss"] = loss.value();
  for (Parameter* p : nn::parameters(model)) p->zero_grad();
  tape.backward(loss);
  model.visit("", [&](const std::string& name, Parameter& p) {
    const std::string full = key(name);
    results["grad." + (starts(full, "weights.") ? full.substr(8) : full)] = p.grad;
  });
  for (const auto& [name, p] : inputs) results["grad." + name] = p.grad;
  return results;
}

struct Difference {
  double error, bound;
  std::string tensor;
  double ratio() const { return error / bound; }
};

double largest(const Tensor& t) { return static_cast<double>(t.m.cwiseAbs().maxCoeff()); }

/// |ours - reference| of every tensor of the reference, the worst first. The bound is relative to
/// the tensor's largest element, or to a thousandth of the largest value or gradient of all.
std::vector<Difference> differences(const Tensors& ours, const SafetensorsFile& file) {
  Tensors values, gradients;
  for (const nn::SafetensorsEntry& entry : file.entries()) {
    if (starts(entry.name, "grad.")) gradients[entry.name] = file.tensor(entry.name);
    if (entry.name == "y" || entry.name == "loss" || starts(entry.name, "final."))
      values[entry.name] = file.tensor(entry.name);
  }
  CHECK(ours.size() == values.size() + gradients.size());
  std::vector<Difference> all;
  for (const auto* group : {&values, &gradients}) {
    const double relative = is_double ? 2e-6 : group == &values ? 1e-5 : 1e-4;
    double most = 0;
    for (const auto& [name, expected] : *group)
      if (name != "loss") most = std::max(most, largest(expected));
    for (const auto& [name, expected] : *group) {
      const Tensor& actual = ours.at(name);
      REQUIRE(actual.size() == expected.size());
      const Eigen::Map<const nn::Matrix> e(expected.m.data(), actual.rows(), actual.cols());
      const double error = static_cast<double>((actual.m - e).cwiseAbs().maxCoeff());
      const bool is_nan = actual.m.hasNaN();
      all.push_back({is_nan ? std::numeric_limits<double>::infinity() : error,
                     relative * std::max(largest(expected), 1e-3 * most), name});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Difference& a, const Difference& b) { return a.ratio() > b.ratio(); });
  return all;
}

void check_reference(const std::string& name, const SafetensorsFile& file) {
  Recurrent model = model_of(file);
  const std::vector<Difference> all = differences(run(model, file), file);
  for (const Difference& d : all) CHECK_MESSAGE(d.error <= d.bound, name, ": ", d.tensor);
  for (std::size_t i = 0; i < 2; ++i)
    fmt::print("{:<16} {:<6} {:<6} of {} tensors: {:<26} {:.1e}, bound {:.1e}\n", name,
               is_double ? "double" : "float", i == 0 ? "worst" : "second", all.size(),
               all[i].tensor, all[i].error, all[i].bound);
}

/// How many tensors are out of bounds once the model of a reference is changed.
template <class Change>
std::size_t wrong_after(const std::string& name, const Change& change) {
  const SafetensorsFile file = reference(name);
  Recurrent model = model_of(file);
  change(model);
  const std::vector<Difference> all = differences(run(model, file), file);
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const Difference& d) { return d.error > 10 * d.bound; }));
}

nn::Linear& linear(std::unique_ptr<nn::Projection>& slot) {
  return dynamic_cast<nn::Linear&>(*slot);
}

Recurrent small_lstm() { return Recurrent({nn::RecurrentKind::lstm, 5, 6, 2}, 3); }

Tensor small_input() { return nn::Random(4, "x").normal({2, 3, 5}, 1); }

Tensor output_of(Recurrent& model, const Tensor& x, std::span<const int> lengths = {}) {
  Tape tape(autograd::TapeMode::values);
  return model.forward({tape}, tape.constant(x), lengths).y.value();
}

template <class Error>
std::string message_of(Recurrent& model, const nn::Shape& x, const std::vector<int>& lengths,
                       const nn::Shape& h = {}, std::size_t layers = 2) {
  Tape tape(autograd::TapeMode::values);
  nn::RecurrentState initial;
  if (h.rank() > 0) initial.h.assign(layers, tape.constant(Tensor(h)));
  try {
    model.forward({tape}, tape.constant(Tensor(x)), lengths, initial);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("outputs, final states and every gradient are PyTorch's") {
  for (const char* name : {"lstm", "gru", "lstm-lora", "gru-lora", "lstm-initial", "gru-initial"})
    check_reference(name, reference(name));
}

TEST_CASE("the same with the larger references, where they are there") {
  const char* folder = std::getenv("LOWRANK_REFERENCES");
  if (!folder) return;
  for (const std::string name : {"lstm", "gru", "lstm-lora", "gru-lora"})
    check_reference("large " + name,
                    SafetensorsFile::read(std::filesystem::path(folder) / "recurrent" / name /
                                          "golden.safetensors"));
}

TEST_CASE("control: a GRU whose bias is outside the product with r is not PyTorch's") {
  CHECK(wrong_after("gru", [](Recurrent&) {}) == 0);
  const std::size_t wrong = wrong_after("gru", [](Recurrent& model) {
    for (Recurrent::Layer& layer : model.layers) {
      const Index H = model.config.hidden;
      auto outside = linear(layer.ih).bias.value.m.rightCols(H);
      auto inside = linear(layer.hh).bias.value.m.rightCols(H);
      outside += inside;
      inside.setZero();
    }
  });
  CHECK(wrong > 10);
}

TEST_CASE("control: an LSTM with its gates in another order is not PyTorch's") {
  CHECK(wrong_after("lstm", [](Recurrent&) {}) == 0);
  const std::size_t wrong = wrong_after("lstm", [](Recurrent& model) {
    const Index H = model.config.hidden;
    for (Recurrent::Layer& layer : model.layers)
      for (auto* slot : {&layer.ih, &layer.hh}) {  // i g f o
        nn::Matrix &w = linear(*slot).weight.value.m, &b = linear(*slot).bias.value.m;
        w.middleRows(H, H).swap(w.middleRows(2 * H, H));
        b.middleCols(H, H).swap(b.middleCols(2 * H, H));
      }
  });
  CHECK(wrong > 10);
}

TEST_CASE("control: LoRA's scale twice, and padding that is read, are not PyTorch's") {
  for (const char* name : {"lstm-lora", "gru-lora"}) {
    CHECK(wrong_after(name, [](Recurrent&) {}) == 0);
    const std::size_t wrong = wrong_after(name, [](Recurrent& model) {
      for (auto& [slot, layer] : lora::lora_layers(model)) layer->spec.alpha *= lora_scale;
    });
    CHECK(wrong > 10);
    const SafetensorsFile file = reference(name);
    Recurrent model = model_of(file);
    const Difference worst = differences(run(model, file, /*with_lengths=*/false), file).front();
    CHECK(worst.error > 10 * worst.bound);
  }
}

TEST_CASE("what stands behind a row's end is not read, not even a NaN, and the output there is 0") {
  Recurrent model = small_lstm();
  const std::vector<int> lengths{1, 3};
  Tensor x = small_input();
  const Tensor y = output_of(model, x, lengths);
  x.m.middleRows(1, 2).setConstant(std::numeric_limits<nn::Scalar>::quiet_NaN());
  CHECK(output_of(model, x, lengths).m == y.m);
  CHECK(y.m.middleRows(1, 2).isZero(0));
  CHECK_FALSE(y.m.row(3).isZero());
  // No lengths are the whole rows.
  const std::vector<int> whole{3, 3};
  CHECK(output_of(model, small_input()).m == output_of(model, small_input(), whole).m);
}

TEST_CASE("a run goes on from its state: two halves are the whole") {
  Recurrent model = small_lstm();
  Tape tape;
  const Tensor x = small_input();
  const auto steps = [&](Index begin, Index count) {
    Tensor part({2, count, 5});
    for (Index b = 0; b < 2; ++b)
      part.m.middleRows(b * count, count) = x.m.middleRows(3 * b + begin, count);
    return tape.constant(part);
  };
  const nn::RecurrentOutput whole = model.forward({tape}, tape.constant(x));
  const nn::RecurrentOutput first = model.forward({tape}, steps(0, 1));
  const nn::RecurrentOutput second = model.forward({tape}, steps(1, 2), {}, first.state);
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(second.state.h[k].value().m.isApprox(whole.state.h[k].value().m));
    CHECK(second.state.c[k].value().m.isApprox(whole.state.c[k].value().m));
    CHECK_FALSE(second.state.c[k].value().m.isApprox(first.state.c[k].value().m));
  }
}

TEST_CASE("names: slots, parameters, PyTorch's, and those of an adapter that is saved and loaded") {
  Recurrent model = small_lstm(), other = small_lstm();
  std::vector<std::string> names, in_pytorch;
  const auto collect = [&] {
    names.clear(), in_pytorch.clear();
    model.visit("", [&](const std::string& name, Parameter& p) {
      CHECK(p.name == name);
      if (starts(name, "hh_l1"))
        names.push_back(name), in_pytorch.push_back(nn::pytorch_name(name));
    });
  };
  using Names = std::vector<std::string>;
  collect();
  CHECK(names == Names{"hh_l1.weight", "hh_l1.bias"});
  CHECK(in_pytorch == Names{"weight_hh_l1", "bias_hh_l1"});
  CHECK(nn::pytorch_name("encoder.rnn.ih_l10.bias") == "encoder.rnn.bias_ih_l10");
  CHECK(nn::pytorch_name("ih_l0.weights") == "ih_l0.weights");

  const std::string fingerprint = lora::base_fingerprint(model);
  lora::LoraConfig config;
  config.targets = {"hh_l1", "ih_l0"};
  config.spec.rank = 3;
  const auto layers = lora::inject(model, config, 1);
  REQUIRE(layers.size() == 2);
  for (lora::LoraLinear* layer : layers) layer->B.value.m.setConstant(nn::Scalar(0.3));
  CHECK(layers[1]->B.value.shape.str() == "(24,3)");
  collect();
  CHECK(names == Names{"hh_l1.base.weight", "hh_l1.base.bias", "hh_l1.lora_A", "hh_l1.lora_B"});
  CHECK(in_pytorch == Names{"weight_hh_l1", "bias_hh_l1", "hh_l1.lora_A", "hh_l1.lora_B"});
  CHECK(lora::base_fingerprint(model) == fingerprint);

  const TemporaryFolder folder;
  lora::save_adapter(folder / "adapter", model);
  CHECK(output_of(other, small_input()).m != output_of(model, small_input()).m);
  lora::load_adapter(folder / "adapter", other);
  const nn::Matrix difference =
      output_of(other, small_input()).m - output_of(model, small_input()).m;
  CHECK(difference.cwiseAbs().maxCoeff() <= (is_double ? 1e-6 : 0));  // the files hold floats
}

TEST_CASE("what does not fit is named") {
  Recurrent model = small_lstm();
  using Lengths = std::vector<int>;
  CHECK(message_of<autograd::ShapeError>(model, {2, 3, 4}, {}) ==
        "Recurrent: wants x (B,T,5), not (2,3,4)");
  CHECK(message_of<autograd::ShapeError>(model, {3, 5}, {}) ==
        "Recurrent: wants x (B,T,5), not (3,5)");
  CHECK(message_of<autograd::ShapeError>(model, {2, 0, 5}, {}) ==
        "Recurrent: wants x (B,T,5), not (2,0,5)");
  for (const Lengths& lengths : {Lengths{3}, {3, 4}, {0, 3}})
    CHECK(message_of<std::invalid_argument>(model, {2, 3, 5}, lengths) ==
          fmt::format("Recurrent: wants 2 lengths in 1 .. 3, not {}", fmt::join(lengths, ", ")));
  const std::string state = "Recurrent: wants a state (2,6) for each of 2 layers";
  CHECK(message_of<autograd::ShapeError>(model, {2, 3, 5}, {}, {3, 6}) == state);
  CHECK(message_of<autograd::ShapeError>(model, {2, 3, 5}, {}, {2, 6}, 1) == state);
  CHECK(message_of<autograd::ShapeError>(model, {2, 3, 5}, {}, {2, 6}) == "");
  CHECK_THROWS_WITH_AS(Recurrent({nn::RecurrentKind::gru, 5, 0, 2}, 1),
                       "Recurrent: inputs, hidden and layers are at least 1, not 5, 0 and 2",
                       std::invalid_argument);
  Recurrent gru({nn::RecurrentKind::gru, 5, 6, 2}, 1);
  Tape tape;
  const Var c = tape.constant(Tensor({2, 6})), x = tape.constant(small_input());
  CHECK_THROWS_WITH_AS(gru.forward({tape}, x, {}, {{}, {c, c}}), "Recurrent: a GRU has no c",
                       std::invalid_argument);
}

}  // namespace recurrent_test
