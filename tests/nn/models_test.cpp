#include <doctest/doctest.h>

#include "tests/nn/references.h"
#include "tests/nn/temporary_folder.h"

// The architectures against what transformers computes.
namespace models_test {

namespace fs = std::filesystem;
using nn::Index;
using nn::Matrix;
using nn::Parameter;
using nn::Pretrained;
using references::Difference;
using references::Reference;

namespace {

const std::vector<std::string> names{"gpt2",    "gpt2-classifier", "llama",     "llama3",
                                     "bert",    "bert-mlm",        "roberta",   "roberta-mlm",
                                     "deberta", "deberta-v2",      "deberta-v3"};
const fs::path here = fs::path(LOWRANK_SOURCE_DIR) / "tests" / "data" / "models";

// The differences of a model after `change`, beside those that it has as it is.
using Change = std::function<void(Pretrained&)>;
std::vector<Difference> differences(const fs::path& folder, const Change& change = {},
                                    const nn::ModelOptions& options = {}) {
  const Reference reference = references::read(folder);
  const auto model = nn::ModelFolder(folder).load(options);
  if (change) change(*model);
  return references::compare(reference, references::computed(*model, reference));
}

// Calls change for every parameter whose name has that end.
Change each(const std::string& end, const std::function<void(Matrix&)>& change) {
  return [=](Pretrained& model) {
    int changed = 0;
    model.visit("", [&](const std::string& name, Parameter& p) {
      if (name.ends_with(end)) change(p.value.m), ++changed;
    });
    REQUIRE(changed > 0);
  };
}

}  // namespace

TEST_CASE("states, logits, loss and every gradient are those of transformers") {
  for (const std::string& name : names) {
    const auto all = differences(here / name);
    MESSAGE(references::line(name, all));
    CHECK(all.front().part <= 1);
    CHECK(all.size() > 20);
  }
}

TEST_CASE("and so are those of other checkpoints") {
  const auto root = references::elsewhere();
  if (!root) return;
  int compared = 0;
  for (const std::string& name : names) {
    if (!fs::exists(*root / name)) continue;
    const auto all = differences(*root / name);
    MESSAGE(references::line(name, all));
    CHECK(all.front().part <= 1);
    ++compared;
  }
  CHECK(compared > 0);
}

// Each makes another model of the same weights: what the mistake would compute.
TEST_CASE("control: a term that is wrong is seen") {
  // Features of a head as rotary positions in pairs would see them
  const auto in_pairs = [](Matrix& rows) {
    const Matrix before = rows;
    constexpr Index hs = 4;
    for (Index i = 0; i < rows.rows(); ++i) {
      const Index head = i / hs * hs, j = i % hs;
      rows.row(i) = before.row(head + (j < hs / 2 ? 2 * j : 2 * (j - hs / 2) + 1));
    }
  };
  const auto from_zero = [](Matrix& table) {  // RoBERTa's positions without pad + 1
    const Matrix before = table;
    table.bottomRows(table.rows() - 2) = before.topRows(table.rows() - 2);
  };
  const auto not_by_head = [](Matrix& rows) {  // q of all heads, then k, then v
    const Matrix before = rows;
    constexpr Index hs = 4, heads = 3;
    for (Index i = 0; i < rows.rows(); ++i) {
      const Index head = i / (3 * hs), part = i / hs % 3;
      rows.row(i) = before.row(part * heads * hs + head * hs + i % hs);
    }
  };
  const auto transposed = [](Matrix& m) { m.transposeInPlace(); };
  const auto doubled = [](Matrix& m) { m *= 2; };
  const auto zero = [](Matrix& m) { m.setZero(); };

  const std::vector<std::tuple<const char*, const char*, Change>> wrong{
      {"gpt2", "its square projection not transposed", each("attn.c_proj.weight", transposed)},
      {"gpt2", "a norm without its bias", each("ln_2.bias", zero)},
      {"gpt2-classifier", "positions twice", each("wpe.weight", doubled)},
      {"llama", "rotary positions in pairs",
       [&](Pretrained& model) {
         each("q_proj.weight", in_pairs)(model);
         each("k_proj.weight", in_pairs)(model);
       }},
      {"llama3", "rotary positions in pairs", each("q_proj.weight", in_pairs)},
      {"bert", "no second sentence", each("token_type_embeddings.weight", zero)},
      {"bert-mlm", "no bias of words", each("predictions.bias", zero)},
      {"roberta", "positions from 0", each("position_embeddings.weight", from_zero)},
      {"deberta", "rows not by head", each("in_proj.weight", not_by_head)},
      {"deberta-v2", "no convolution", each("conv.conv.weight", zero)},
      {"deberta-v3", "no positions", each("rel_embeddings.weight", zero)},
  };
  for (const auto& [name, mistake, change] : wrong) {
    const auto all = differences(here / name, change);
    MESSAGE(references::line(fmt::format("{}, {}", name, mistake), all));
    CHECK(all.front().part > 100);
  }
}

TEST_CASE("c_attn in three pieces is the same model") {
  const auto all = differences(here / "gpt2", {}, {.split_c_attn = true});
  MESSAGE(references::line("gpt2, c_attn split", all));
  CHECK(all.front().part <= 1);
  CHECK_THROWS_WITH_AS(nn::ModelFolder(here / "llama").load({.split_c_attn = true}),
                       doctest::Contains("has no c_attn to split"), nn::ModelError);
}

// Where rows fill whole vectors of the processor, as those of any model but a test's: what does not
// is summed and exponentiated in another order at another place.
TEST_CASE("a GPT-2 and a LLaMA that go on from a past compute the same, bit for bit") {
  const char* gpt2 = R"({"model_type":"gpt2","architectures":["GPT2LMHeadModel"],"vocab_size":50,
    "n_positions":16,"n_embd":64,"n_layer":2,"n_head":4})";
  const char* llama = R"({"model_type":"llama","architectures":["LlamaForCausalLM"],
    "vocab_size":50,"max_position_embeddings":16,"hidden_size":64,"num_hidden_layers":2,
    "num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":128})";
  for (const char* config : {gpt2, llama}) {
    const TemporaryFolder folder;
    nn::write_file_atomically(folder / "config.json", config);
    const auto model = nn::ModelFolder(folder.path()).random(1);
    CAPTURE(config);
    const std::vector<int> ids{5, 7, 1, 9, 3, 3, 2, 8, 4, 6, 11, 13};  // two rows of 6
    nn::Tape whole(autograd::TapeMode::values);
    const Matrix all = model->hidden({whole}, {2, 6, ids}).value().m;
    nn::KeyValues past;
    Matrix piecewise(12, all.cols());
    for (const auto& [begin, count] : {std::pair{0, 3}, {3, 1}, {4, 2}}) {
      nn::Inputs inputs{2, count, {}, {}, {}, &past};
      for (int b = 0; b < 2; ++b)
        for (int t = begin; t < begin + count; ++t)
          inputs.ids.push_back(ids[static_cast<std::size_t>(6 * b + t)]);
      nn::Tape tape(autograd::TapeMode::values);
      const Matrix part = model->hidden({tape}, inputs).value().m;
      for (int b = 0; b < 2; ++b)
        piecewise.middleRows(6 * b + begin, count) = part.middleRows(b * count, count);
    }
    CHECK(past.length == 6);
    CHECK(piecewise == all);
    CHECK(all.cwiseAbs().maxCoeff() > 0.5);
  }
}

}  // namespace models_test
