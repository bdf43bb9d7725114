#include <doctest/doctest.h>

#include <cstring>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "nn/files/checkpoint.h"
#include "nn/models/decode.h"
#include "tests/nn/frozen_models.h"
#include "tests/nn/references.h"
#include "tests/nn/temporary_folder.h"

// Models whose matrices are kept in 16 bits.
namespace frozen_test {

namespace fs = std::filesystem;
using nn::Frozen;
using nn::Matrix;
using nn::ModelFolder;
using nn::Parameter;

namespace {

const fs::path here = fs::path(LOWRANK_SOURCE_DIR) / "tests" / "data" / "models";
const std::vector<std::string> names{"gpt2",    "gpt2-classifier", "llama",     "llama3",
                                     "bert",    "bert-mlm",        "roberta",   "roberta-mlm",
                                     "deberta", "deberta-v2",      "deberta-v3"};

Parameter& parameter(nn::Pretrained& model, const std::string& name) {
  for (Parameter* p : nn::parameters(model))
    if (p->name == name) return *p;
  FAIL("no parameter " << name);
  throw std::logic_error(name);
}

// gpt2 with its tensors changed, as F32 or in another type.
using Change = std::function<void(const std::string& name, nn::Tensor& value)>;
void write_gpt2(const fs::path& folder, const Change& change) {
  const auto file = nn::SafetensorsFile::read(here / "gpt2" / "model.safetensors");
  nn::SafetensorsWriter out;
  for (const nn::SafetensorsEntry& entry : file.entries()) {
    nn::Tensor value = file.tensor(entry.name);
    change(entry.name, value);
    out.add(entry.name, value);
  }
  nn::write_file_atomically(folder / "config.json", nn::read_file(here / "gpt2" / "config.json"));
  out.write(folder / "model.safetensors");
}

}  // namespace

TEST_CASE("a model in 16 bits is the model of its rounded weights, bit for bit") {
  for (const std::string& name : names)
    for (const Frozen frozen : {Frozen::f16, Frozen::bf16}) {
      CAPTURE(name);
      const auto reference = references::read(here / name);
      const auto [halves, rounded, matrices] = frozen_models::load(here / name, {.frozen = frozen});
      CHECK(matrices >= 10);
      const auto values = references::computed(*halves, reference);
      CHECK(values == references::computed(*rounded, reference));
      CHECK(values.contains("loss"));
      CHECK(nn::count(nn::parameters(*halves)) == nn::count(nn::parameters(*rounded)));
      CHECK(nn::fingerprint(*halves) == nn::fingerprint(*rounded));
      // The control: the weights of the file, and those in the other type, are others.
      const auto file = ModelFolder(here / name).load();
      CHECK(values.at("loss") != references::computed(*file, reference).at("loss"));
      const auto other = ModelFolder(here / name)
                             .load({.frozen = frozen == Frozen::f16 ? Frozen::bf16 : Frozen::f16});
      CHECK(values.at("loss") != references::computed(*other, reference).at("loss"));
      CHECK(nn::fingerprint(*halves) != nn::fingerprint(*file));
      CHECK(nn::fingerprint(*halves) != nn::fingerprint(*other));
    }
}

TEST_CASE("what is in 16 bits: every projection and table, and a head of its own; frozen") {
  const TemporaryFolder folder;
  nn::write_file_atomically(folder / "config.json", R"({"model_type":"llama",
    "architectures":["LlamaForCausalLM"],"vocab_size":50,"max_position_embeddings":16,
    "hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":16,
    "tie_word_embeddings":false})");
  const auto model = ModelFolder(folder.path()).random(1, {.frozen = Frozen::bf16});
  std::vector<std::string> floats;
  for (const Parameter* p : nn::parameters(*model)) {
    CHECK(p->trainable == !p->half);
    if (!p->half) floats.push_back(p->name);
    if (p->half) CHECK(p->value.empty());
  }
  CHECK(floats == std::vector<std::string>{"model.layers.0.input_layernorm.weight",
                                           "model.layers.0.post_attention_layernorm.weight",
                                           "model.norm.weight"});
  CHECK(nn::count(nn::parameters(*model)) == 2 * 50 * 8 + 4 * 8 * 8 + 3 * 8 * 16 + 3 * 8);
}

TEST_CASE("of a file in the same type the bits are kept") {
  const auto reference = references::read(here / "gpt2");
  const auto model = ModelFolder(here / "gpt2").load({.frozen = Frozen::f16});
  const TemporaryFolder folder;
  nn::write_file_atomically(folder / "config.json", nn::read_file(here / "gpt2" / "config.json"));
  nn::SafetensorsWriter out;
  for (const auto& [name, stored] : model->stored) {
    const Parameter& p = parameter(*model, name);
    nn::Tensor value = nn::in_full(p);
    if (stored.transposed) {
      nn::Tensor turned(stored.shape);
      turned.m = value.m.transpose();
      value = std::move(turned);
    }
    std::string bytes;
    for (const nn::Scalar x : value.m.reshaped<Eigen::RowMajor>()) {
      const Eigen::half half(static_cast<float>(x));
      bytes.append(reinterpret_cast<const char*>(&half), 2);
    }
    std::vector<std::uint64_t> shape;
    for (int i = 0; i < stored.shape.rank(); ++i)
      shape.push_back(static_cast<std::uint64_t>(stored.shape[i]));
    out.add(stored.name, nn::Dtype::F16, shape, bytes);
  }
  out.write(folder / "model.safetensors");
  const auto again = ModelFolder(folder.path()).load({.frozen = Frozen::f16});
  for (Parameter* p : nn::parameters(*again))
    if (p->half) CHECK(p->half->bits == parameter(*model, p->name).half->bits);
  // In floats the file is the same model: an adapter of one fits the other.
  CHECK(nn::fingerprint(*again) == nn::fingerprint(*ModelFolder(folder.path()).load()));
}

TEST_CASE("a weight that F16 does not hold is refused by its name, and BF16 holds it") {
  const TemporaryFolder folder;
  write_gpt2(folder.path(), [](const std::string& name, nn::Tensor& value) {
    if (name == "transformer.h.1.mlp.c_fc.weight") value.m(0, 0) = 70000;
  });
  const ModelFolder model(folder.path());
  CHECK_THROWS_WITH_AS(model.load({.frozen = Frozen::f16}),
                       doctest::Contains("transformer.h.1.mlp.c_fc.weight: 70000 is no finite "
                                         "number of the type F16, whose largest is 65504"),
                       nn::ModelError);
  CHECK_NOTHROW((void)model.load({.frozen = Frozen::bf16}));
  CHECK_NOTHROW((void)model.load());
}

TEST_CASE("c_attn in three pieces is the same model in 16 bits too") {
  const auto reference = references::read(here / "gpt2");
  const auto [halves, rounded, matrices] =
      frozen_models::load(here / "gpt2", {.split_c_attn = true, .frozen = Frozen::f16});
  const auto whole = ModelFolder(here / "gpt2").load({.frozen = Frozen::f16});
  const auto values = references::computed(*halves, reference);
  CHECK(values == references::computed(*rounded, reference));
  CHECK(values.at("logits") == references::computed(*whole, reference).at("logits"));
}

TEST_CASE("what is to train is in floats again, with the same numbers") {
  const auto reference = references::read(here / "bert-mlm");
  const auto [halves, rounded, matrices] =
      frozen_models::load(here / "bert-mlm", {.frozen = Frozen::bf16});
  const auto frozen = references::computed(*halves, reference);
  nn::set_trainable(*halves, true), nn::set_trainable(*rounded, true);
  for (const Parameter* p : nn::parameters(*halves)) CHECK((p->trainable && !p->half));
  const auto values = references::computed(*halves, reference);
  CHECK(values == references::computed(*rounded, reference));
  CHECK(values.at("loss") == frozen.at("loss"));
  CHECK(values.size() > frozen.size());  // gradients of the matrices
}

TEST_CASE("a model in 16 bits is not written in the place of what it was rounded from") {
  const TemporaryFolder out;
  const ModelFolder folder(here / "gpt2");
  const auto model = folder.load({.frozen = Frozen::f16});
  CHECK_THROWS_WITH_AS(folder.save(out / "x", *model), doctest::Contains("is kept as F16"),
                       std::logic_error);
  CHECK_FALSE(fs::exists(out / "x"));
  CHECK_NOTHROW(folder.save(out / "x", *folder.load()));
}

TEST_CASE("more rows than a tile, any number of threads, and decoding") {
  const TemporaryFolder folder;
  nn::write_file_atomically(folder / "config.json", R"({"model_type":"gpt2",
    "architectures":["GPT2LMHeadModel"],"vocab_size":700,"n_positions":64,"n_embd":128,
    "n_layer":2,"n_head":4})");
  const ModelFolder model(folder.path());
  const auto halves = model.random(1, {.frozen = Frozen::f16}), rounded = model.random(1);
  CHECK(frozen_models::round_as(*rounded, *halves) == 10);
  references::Reference step;
  step.given.inputs = {4, 64};
  for (int i = 0; i < 4 * 64; ++i) step.given.inputs.ids.push_back(i * 37 % 700);
  step.given.labels = step.given.inputs.ids;
  const auto values = references::computed(*halves, step);
#ifndef LOWRANK_BLAS  // whose sums depend on how a product is cut
  CHECK(values == references::computed(*rounded, step));
#endif
#ifdef _OPENMP
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 3}) {
    omp_set_num_threads(count);
    CHECK(references::computed(*halves, step) == values);
  }
  omp_set_num_threads(threads);
#endif
  nn::Random any(1, "not drawn from");
  const auto continued = [&](nn::Pretrained& of) {
    return nn::decode(of, std::vector{3, 600}, {.max_tokens = 20}, any).ids;
  };
  CHECK(continued(*halves) == continued(*rounded));
  CHECK(continued(*halves).size() == 20);
}

TEST_CASE("the types of frozen weights have names") {
  CHECK(nn::parse_frozen("f32") == Frozen::f32);
  CHECK(nn::parse_frozen("f16") == Frozen::f16);
  CHECK(nn::parse_frozen("bf16") == Frozen::bf16);
  CHECK_THROWS_WITH_AS(nn::parse_frozen("f8"), "'f8' is none of f32, f16 and bf16",
                       std::invalid_argument);
}

}  // namespace frozen_test
