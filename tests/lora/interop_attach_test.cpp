#include <doctest/doctest.h>

#include "lora/inject.h"
#include "lora/interop/attach.h"
#include "lora/interop/model_places.h"
#include "lora/variants/adalora.h"
#include "lora/variants/dora.h"
#include "lora/variants/lora_embedding.h"
#include "lora/variants/vera.h"
#include "nn/files/json.h"
#include "tests/lora/adapter_collections.h"
#include "tests/nn/temporary_folder.h"

// Adapters against what PEFT computes with them.
namespace interop_attach_test {

namespace fs = std::filesystem;
using adapter_collections::Collection;
using adapter_collections::collections;
using adapter_collections::elsewhere;
using adapter_collections::ours;
using nn::Index;
using nn::Matrix;
using nn::Pretrained;
using references::Difference;
using references::Reference;

namespace {

std::string base_of(const fs::path& adapter) {
  const nn::Json json = nn::parse_json_object(nn::read_file(adapter / "adapter_config.json"));
  return json["base_model_name_or_path"].get<std::string>();
}

// The folders of a collection with an adapter_config.json of PEFT.
std::vector<std::string> peft_adapters(const Collection& in) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(in.adapters)) {
    const fs::path config = entry.path() / "adapter_config.json";
    if (!fs::exists(config)) continue;
    if (nn::parse_json_object(nn::read_file(config)).contains("peft_type"))
      names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

bool is_refused(const std::string& name) {
  return name.starts_with("ia3") || name.starts_with("prefix");
}

// Logits, loss, gradients by PEFT's keys, and merged weights, under a reference's names.
std::map<std::string, Matrix> step_under(Pretrained& model, const Reference& reference,
                                         const lora::PeftConfig& config = {}) {
  std::map<std::string, Matrix> values;
  for (auto& [name, tensor] : lora::adapted_step(model, reference.given, config))
    values[name] = std::move(tensor.m);
  if (model.sizes.prompt == 0)
    for (const auto& [name, weight] : lora::merged_checkpoint(model))
      values["merged." + name] = weight.m;
  if (values.contains("merged.cls.predictions.bias"))  // one bias under two names
    values["merged.cls.predictions.decoder.bias"] = values["merged.cls.predictions.bias"];
  // Where the head is tied to a table, PEFT merges into both.
  if (lora::is_tied(model) && model.sizes.prompt == 0)
    for (const char* head : {"merged.lm_head.weight", "merged.cls.predictions.decoder.weight"})
      values[head] = values["merged." + lora::word_table(model) + ".weight"];
  return values;
}

// PEFT's name for the rows of a prompt is another in the model than in the file.
void rename_prompt(Reference& reference) {
  if (auto prompt = reference.tensors.extract("grad.prompt_encoder.embedding.weight")) {
    prompt.key() = "grad.prompt_embeddings";
    reference.tensors.insert(std::move(prompt));
  }
}

// A prompt's rows say nothing where the mask of the reference is for the tokens alone.
Reference with_prompt_mask(Reference reference, const Pretrained& model) {
  reference.given.inputs.mask = nn::with_prompt(model, reference.given.inputs).mask;
  return reference;
}

using Change = std::function<void(Pretrained&)>;

std::vector<Difference> differences(const Collection& in, const std::string& name,
                                    const Change& change = {}, const fs::path& part = {}) {
  const fs::path folder = in.adapters / name;
  Reference reference = references::read(folder);
  const auto model = nn::ModelFolder(in.models / base_of(folder / part)).load();
  const lora::PeftConfig config = lora::load_peft(folder / part, *model);
  if (change) change(*model);
  const auto values = step_under(*model, reference, config);
  rename_prompt(reference);
  return references::compare(with_prompt_mask(reference, *model), values);
}

// PEFT saves PiSSA in three forms: as it starts, as it is trained, and that as plain LoRA.
std::vector<std::string> pissa_adapters(const Collection& in) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(in.adapters))
    if (fs::exists(entry.path() / "trained" / "adapter_config.json"))
      names.push_back(entry.path().filename().string());
  return names;
}

void compare_all(const Collection& in) {
  int compared = 0;
  for (const std::string& name : peft_adapters(in)) {
    if (is_refused(name)) continue;
    const auto all = differences(in, name);
    MESSAGE(references::line(name, all));
    CHECK(all.front().part <= 1);
    ++compared;
  }
  CHECK(compared > 0);
}

}  // namespace

TEST_CASE("adapters compute what PEFT computes: logits, loss, gradients, merged weights") {
  compare_all(ours);
}

TEST_CASE("and so do those of other places") {
  if (const auto there = elsewhere()) compare_all(*there);
}

// PEFT's decomposition is in float, whatever the model's numbers are.
constexpr double of_decomposition = sizeof(nn::Scalar) == sizeof(float) ? 1 : 5;

// The reference is of the trained form. Of the converted one the first rows of A are the trained A.
TEST_CASE("PiSSA in its three forms") {
  for (const Collection& in : collections())
    for (const std::string& name : pissa_adapters(in)) {
      const fs::path folder = in.adapters / name;
      const auto by_svd = differences(in, name, {}, "trained");
      MESSAGE(references::line(name + ", trained", by_svd));
      CHECK(by_svd.front().part <= of_decomposition);

      Reference reference = references::read(folder);
      const auto model_of = [&] {
        return nn::ModelFolder(in.models / base_of(folder / "trained")).load();
      };
      const lora::PortableAdapter start = lora::read_peft(folder / "start");
      const auto trained = model_of();
      lora::load_peft(folder / "trained", *trained, {&start});
      const auto by_start = references::compare(reference, step_under(*trained, reference));
      MESSAGE(references::line(name + ", with its start", by_start));
      CHECK(by_start.front().part <= 1);

      std::erase_if(reference.tensors,
                    [](const auto& t) { return references::is_gradient(t.first); });
      const auto converted = model_of();
      lora::load_peft(folder / "converted", *converted);
      const auto plain = references::compare(reference, step_under(*converted, reference));
      MESSAGE(references::line(name + ", converted", plain));
      CHECK(plain.front().part <= 1);
      const auto saved = model_of();
      lora::attach(*saved, lora::collect(*trained));  // what we convert it to
      CHECK(references::compare(reference, step_under(*saved, reference)).front().part <= 1);
    }
  CHECK_FALSE(pissa_adapters(ours).empty());
}

// Each makes of an adapter what a mistake would compute.
TEST_CASE("control: a formula that is wrong is seen") {
  const auto each_slot = [](auto change) {
    return [=](Pretrained& model) {
      model.visit_slots(
          "", [&](const std::string&, std::unique_ptr<nn::Projection>& slot) { change(*slot); });
    };
  };
  const auto scale_twice = each_slot([](nn::Projection& slot) {
    if (auto* l = dynamic_cast<lora::LoraLinear*>(&slot)) l->spec.alpha *= l->scale();
  });
  const auto no_norm =
      each_slot([](nn::Projection& slot) {  // the magnitude as a factor of W0 + sBA
        if (auto* l = dynamic_cast<lora::Dora*>(&slot))
          l->magnitude.value.m.array() *= l->norms().m.array();
      });
  const auto no_lambda_d = each_slot([](nn::Projection& slot) {
    if (auto* l = dynamic_cast<lora::Vera*>(&slot)) l->lambda_d.value.m.setOnes();
  });
  const auto new_rank = each_slot([](nn::Projection& slot) {  // in the scale the rank that is left
    if (auto* l = dynamic_cast<lora::AdaLora*>(&slot)) l->spec.rank = l->E.value.rows();
  });
  const Change no_table = [](Pretrained& model) {
    model.visit_tables([](const std::string&, std::unique_ptr<nn::Embedding>& table) {
      if (auto* l = dynamic_cast<lora::LoraEmbedding*>(table.get())) l->B.value.m.setZero();
    });
  };
  const std::vector<std::tuple<const char*, const char*, Change>> wrong{
      {"lora-gpt2", "the scale twice", scale_twice},
      {"dora-llama", "no norm", no_norm},
      {"vera-llama", "no lambda_d", no_lambda_d},
      {"adalora-bert-masks", "the scale of the rank that is left", new_rank},
      {"lora-gpt2-embedding", "no change of the table", no_table},
  };
  for (const auto& [name, mistake, change] : wrong) {
    const auto all = differences(ours, name, change);
    MESSAGE(references::line(fmt::format("{}, {}", name, mistake), all));
    CHECK(all.front().part > 100);
  }
}

namespace {

// The tensors of two adapters, bit for bit.
void check_equal(const lora::PortableAdapter& a, const lora::PortableAdapter& b) {
  CHECK(a.tensors.size() == b.tensors.size());
  for (const auto& [key, tensor] : a.tensors) {
    CAPTURE(key);
    REQUIRE(b.tensors.contains(key));
    CHECK(b.tensors.at(key).value.shape == tensor.value.shape);
    CHECK(b.tensors.at(key).value.m == tensor.value.m);
  }
}

nn::Matrix logits(Pretrained& model, const Reference& reference) {
  return step_under(model, reference).at("logits");
}

}  // namespace

TEST_CASE("what was loaded is saved: the same tensors, and a configuration that means the same") {
  for (const std::string& name : peft_adapters(ours)) {
    CAPTURE(name);
    const fs::path folder = ours.adapters / name;
    const nn::ModelFolder base(ours.models / base_of(folder));
    const auto model = base.load(), again = base.load();
    lora::load_peft(folder, *model);
    const TemporaryFolder out;
    lora::write_peft(out / "a", lora::collect(*model));
    lora::load_peft(out / "a", *again);
    check_equal(lora::collect(*model), lora::collect(*again));
    lora::PortableAdapter first = lora::read_peft(folder);
    std::erase_if(first.tensors, [](const auto& t) {  // of the base, frozen, or saved twice
      return t.first.ends_with(".base_layer.weight") || t.first.ends_with(".decoder.bias") ||
             t.first.find(".original_module.") != std::string::npos ||
             t.first.find(".modules_to_save.") != std::string::npos;
    });
    check_equal(first, lora::read_peft(out / "a"));
    Reference reference = references::read(folder);
    CHECK(logits(*model, reference) == logits(*again, reference));
  }
}

TEST_CASE("LoRA on q and v of c_attn in three pieces is saved as one of c_attn") {
  const nn::ModelFolder base(ours.models / "gpt2");
  const auto pieces = base.load({.split_c_attn = true}), whole = base.load();
  lora::LoraConfig config;
  config.targets = {"c_attn.q", "c_attn.v"};
  config.spec = {2, 3, lora::Scaling::alpha_over_r, lora::Init::gaussian, 0};
  for (lora::LoraLinear* layer : lora::inject(*pieces, config, 1))
    layer->B.value = nn::Random(2, layer->B.name).normal(layer->B.value.shape, 0.3);
  const lora::PortableAdapter adapter = lora::collect(*pieces);
  CHECK(adapter.config.spec.rank == 4);
  CHECK(adapter.config.spec.alpha == 6);
  CHECK(adapter.config.targets.names == std::vector<std::string>{"c_attn"});
  lora::attach(*whole, adapter);
  const Reference reference = references::read(ours.models / "gpt2");
  const Matrix before = logits(*base.load(), reference), a = logits(*pieces, reference),
               b = logits(*whole, reference);
  CHECK((a - b).cwiseAbs().maxCoeff() < 4e-6);
  CHECK((a - before).cwiseAbs().maxCoeff() > 0.01);
  CHECK_THROWS_WITH_AS(lora::attach(*base.load({.split_c_attn = true}), adapter),
                       doctest::Contains("is a piece of transformer.h.0.attn.c_attn.weight"),
                       std::invalid_argument);
}

TEST_CASE("fold: the merged model computes the same without the adapter") {
  for (const char* name :
       {"lora-gpt2", "dora-gpt2", "vera-llama", "adalora-bert", "lora-roberta"}) {
    CAPTURE(name);
    const fs::path folder = ours.adapters / name;
    const auto model = nn::ModelFolder(ours.models / base_of(folder)).load();
    lora::load_peft(folder, *model);
    const Reference reference = references::read(folder);
    const Matrix before = logits(*model, reference);
    lora::fold(*model);
    CHECK_NOTHROW(lora::check_has_no_adapter(*model));
    CHECK((logits(*model, reference) - before).cwiseAbs().maxCoeff() < 1e-5);
  }
  const auto tied = nn::ModelFolder(ours.models / "gpt2").load();
  lora::load_peft(ours.adapters / "lora-gpt2-embedding", *tied);
  CHECK_THROWS_WITH_AS(lora::fold(*tied), doctest::Contains("the head is tied"),
                       std::invalid_argument);
}

TEST_CASE("AdaLoRA's layers may have no direction left") {
  const fs::path folder = ours.adapters / "adalora-bert";
  lora::PortableAdapter adapter = lora::read_peft(folder);
  const std::string first = "bert.encoder.layer.0.attention.self.query";
  const std::string key = std::string(lora::peft_prefix) + first;
  adapter.config.kept[first] = {false, false, false, false};
  adapter.tensors.at(key + ".lora_A").value = nn::Tensor({0, 12});
  adapter.tensors.at(key + ".lora_B").value = nn::Tensor({12, 0});
  adapter.tensors.at(key + ".lora_E").value = nn::Tensor({0, 1});
  const nn::ModelFolder base(ours.models / "bert");
  const auto model = base.load(), again = base.load();
  lora::attach(*model, adapter);
  const lora::PortableAdapter collected = lora::collect(*model);
  CHECK(collected.tensors.contains(key + ".lora_A"));
  lora::attach(*again, collected);
  const Reference reference = references::read(folder);
  CHECK(logits(*model, reference) == logits(*again, reference));
  // The layer adds nothing to the distance from orthonormal, and is counted in its mean: of the
  // others alone that would be larger by 4/3.
  std::vector<lora::AdaLora*> all, others;
  model->visit_slots("", [&](const std::string&, std::unique_ptr<nn::Projection>& slot) {
    auto* layer = dynamic_cast<lora::AdaLora*>(slot.get());
    if (!layer) return;
    all.push_back(layer);
    if (!layer->E.value.empty()) others.push_back(layer);
  });
  REQUIRE(all.size() == 4);
  nn::Tape tape(autograd::TapeMode::values);
  const double of_all = lora::orthogonality({tape}, all).value().m(0, 0);
  CHECK(of_all * 4 / 3 ==
        doctest::Approx(lora::orthogonality({tape}, others).value().m(0, 0)).epsilon(1e-5));
}

TEST_CASE(
    "a rank that no reader would take is not collected; nor is LoRA folded that did nothing") {
  const auto pieces = nn::ModelFolder(ours.models / "gpt2").load({.split_c_attn = true});
  lora::LoraConfig config;
  config.targets = {"c_attn.q", "c_attn.k", "c_attn.v"};
  config.spec.rank = 5;  // together 15, above the width of 12
  lora::inject(*pieces, config, 1);
  CHECK_THROWS_WITH_AS(lora::collect(*pieces), doctest::Contains("would have the rank 15"),
                       lora::AdapterError);

  lora::PortableAdapter adapter;
  adapter.config.targets.names = {"rel_embeddings"};
  adapter.config.spec.rank = 2;
  const auto deberta = nn::ModelFolder(ours.models / "deberta").load();
  std::string table;
  deberta->visit_tables([&](const std::string& name, auto& rows) {
    if (!name.ends_with("rel_embeddings")) return;
    table = std::string(lora::peft_prefix) + name;
    adapter.tensors[table + ".lora_embedding_A"].value = nn::Tensor({2, rows->weight.value.rows()});
    adapter.tensors[table + ".lora_embedding_B"].value = nn::Tensor({rows->weight.value.cols(), 2});
  });
  REQUIRE_FALSE(table.empty());
  lora::attach(*deberta, adapter);
  CHECK_THROWS_WITH_AS(lora::fold(*deberta), doctest::Contains("does nothing before it is merged"),
                       std::invalid_argument);
}

TEST_CASE("a model and an adapter from their folders, and back into one, as the page shows it") {
  const fs::path base = ours.models / "llama", adapter = ours.adapters / "dora-llama";
  const TemporaryFolder out;
  const fs::path trained = out / "trained";
  const auto model = nn::ModelFolder(base).load();   // of transformers
  lora::load_peft(adapter, *model);                  // wraps, overwrites, freezes the rest
  lora::write_peft(trained, lora::collect(*model));  // what trains, as PEFT has it
  lora::fold(*model);                                // or merged, without the adapter
  CHECK(fs::exists(trained / "adapter_model.safetensors"));
  CHECK(nn::trainable_parameters(*model).size() == model->stored.size());
}

TEST_CASE("a model with a prompt reads it before each row, whoever asks") {
  const fs::path folder = ours.adapters / "prompt-gpt2";
  const auto model = nn::ModelFolder(ours.models / "gpt2").load();
  lora::load_peft(folder, *model);
  const Reference reference = references::read(folder);
  CHECK(model->context() == 6);
  const Matrix all = logits(*model, reference);
  const nn::Tokens tokens{3, 6, reference.given.inputs.ids, reference.given.inputs.mask};
  const std::vector<int> positions{0, 5, 6, 17};
  nn::Tape tape(autograd::TapeMode::values);
  const Matrix some = model->logits({tape}, tokens, positions).value().m;
  const std::vector<int> behind{2, 7, 10, 23};
  for (std::size_t i = 0; i < positions.size(); ++i)
    CHECK(some.row(static_cast<Index>(i)) == all.row(behind[i]));
  CHECK_THROWS_AS(lora::fold(*model), std::invalid_argument);
}

}  // namespace interop_attach_test
