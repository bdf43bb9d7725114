#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>

#include "nn/files/file.h"
#include "nn/files/json.h"
#include "tests/nn/references.h"
#include "tests/nn/temporary_folder.h"

// One model in the forms that checkpoints have, and what is no model.
namespace model_files_test {

namespace fs = std::filesystem;
using nn::Dtype;
using nn::Json;
using nn::Matrix;
using nn::ModelFolder;
using nn::Tensor;

namespace {

const fs::path here = fs::path(LOWRANK_SOURCE_DIR) / "tests" / "data" / "models";

// A folder's files in memory, to be changed and written.
struct Files {
  Json config;
  struct Stored {
    Dtype dtype = Dtype::F32;
    std::vector<std::uint64_t> shape;
    std::string bytes;
  };
  std::map<std::string, Stored> tensors;

  explicit Files(const std::string& name)
      : config(nn::parse_json_object(nn::read_file(here / name / "config.json"))) {
    const auto file = nn::SafetensorsFile::read(here / name / "model.safetensors");
    for (const auto& entry : file.entries()) {
      const auto bytes = file.bytes(entry);
      tensors[entry.name] = {
          entry.dtype, entry.shape, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
    }
  }

  // Every tensor under the name that `rename` gives it.
  void rename(const std::function<std::string(std::string)>& rename) {
    std::map<std::string, Stored> renamed;
    for (auto& [name, stored] : tensors) renamed[rename(name)] = std::move(stored);
    tensors = std::move(renamed);
  }

  // Every number as T has it.
  template <class T>
  void store_as(Dtype dtype) {
    for (auto& [name, stored] : tensors) {
      std::string bytes;
      for (std::size_t i = 0; i < stored.bytes.size(); i += 4) {
        float x;
        std::memcpy(&x, stored.bytes.data() + i, 4);
        const T narrow(x);
        bytes.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
      }
      stored.dtype = dtype, stored.bytes = bytes;
    }
  }
  // The float nearest to what T has of every number.
  template <class T>
  void round_to() {
    for (auto& [name, stored] : tensors)
      for (std::size_t i = 0; i < stored.bytes.size(); i += 4) {
        float x;
        std::memcpy(&x, stored.bytes.data() + i, 4);
        x = static_cast<float>(T(x));
        std::memcpy(stored.bytes.data() + i, &x, 4);
      }
  }

  void write(const fs::path& folder, int shards = 1) const {
    nn::create_folders(folder);
    nn::write_file_atomically(folder / "config.json", config.dump(2) + "\n");
    std::vector<nn::SafetensorsWriter> files(static_cast<std::size_t>(shards));
    Json map = Json::object();
    int next = 0;
    for (const auto& [name, stored] : tensors) {
      const int shard = next++ % shards;
      files[static_cast<std::size_t>(shard)].add(name, stored.dtype, stored.shape, stored.bytes);
      map[name] = file_name(shard, shards);
    }
    for (int i = 0; i < shards; ++i)
      files[static_cast<std::size_t>(i)].write(folder / file_name(i, shards));
    if (shards > 1)
      nn::write_file_atomically(
          folder / "model.safetensors.index.json",
          Json{{"metadata", {{"total_size", 1}}}, {"weight_map", map}}.dump());
  }
  static std::string file_name(int shard, int shards) {
    return shards == 1 ? "model.safetensors"
                       : fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, shards);
  }
};

using Change = std::function<void(Files&)>;

// What the model of a folder computes of a reference's inputs.
std::map<std::string, Matrix> values(const fs::path& folder,
                                     const references::Reference& reference) {
  const auto model = ModelFolder(folder).load();
  return references::computed(*model, reference);
}

void check_same(const std::string& name, const Change& change, const Change& same = {},
                int shards = 1) {
  const auto reference = references::read(here / name);
  const TemporaryFolder changed, plain;
  Files a(name), b(name);
  change(a), a.write(changed.path(), shards);
  if (same) same(b);
  b.write(plain.path());
  CHECK(values(changed.path(), reference) == values(plain.path(), reference));
}

std::string without(std::string name, const std::string& front) {
  return name.starts_with(front) ? name.substr(front.size()) : name;
}

std::string all_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files[entry.path().filename().string()] = nn::read_file(entry.path());
  std::string text;
  for (const auto& [name, bytes] : files) text += name + "\n" + bytes + "\n";
  return text;
}

void check_refused(const fs::path& folder, const std::string& what) {
  CHECK_THROWS_WITH_AS((void)ModelFolder(folder).load(), doctest::Contains(what.c_str()),
                       std::runtime_error);
}
void check_refused(const std::string& name, const std::string& what, const Change& change) {
  const TemporaryFolder folder;
  Files files(name);
  change(files), files.write(folder.path());
  CAPTURE(name);
  check_refused(folder.path(), what);
}

}  // namespace

TEST_CASE("names with and without the model's, heads and buffers beside, norms of 2018") {
  check_same("gpt2", [](Files& f) {
    f.rename([](const std::string& n) { return without(n, "transformer."); });
  });
  check_same("gpt2", [](Files& f) {
    f.tensors["lm_head.weight"] = f.tensors.at("transformer.wte.weight");
  });
  check_same("gpt2", [](Files& f) {
    for (const char* i : {"0", "1"}) {
      const std::string attn = fmt::format("transformer.h.{}.attn.", i);
      f.tensors[attn + "bias"] = {Dtype::BOOL, {1, 1, 8, 8}, std::string(64, '\1')};
      f.tensors[attn + "masked_bias"] = {Dtype::F32, {}, std::string(4, '\0')};
    }
  });
  check_same("bert", [](Files& f) {
    f.rename([](std::string n) {
      for (const auto& [now, then] :
           {std::pair<std::string, std::string>{"weight", "gamma"}, {"bias", "beta"}})
        if (n.ends_with("LayerNorm." + now)) return n.substr(0, n.size() - now.size()) + then;
      return n;
    });
    f.tensors["bert.embeddings.position_ids"] = {Dtype::I64, {1, 8}, std::string(64, '\0')};
  });
  check_same("llama", [](Files& f) {
    f.tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = {
        Dtype::F32, {2}, std::string(8, '\0')};
  });
}

TEST_CASE("shards, and numbers of other widths") {
  const auto as_it_is = [](Files&) {};
  check_same("gpt2", as_it_is, {}, 3);
  check_same("llama", as_it_is, {}, 5);
  check_same("gpt2", [](Files& f) { f.store_as<double>(Dtype::F64); });
  check_same(
      "gpt2", [](Files& f) { f.store_as<Eigen::half>(Dtype::F16); },
      [](Files& f) { f.round_to<Eigen::half>(); });
  check_same(
      "bert", [](Files& f) { f.store_as<Eigen::bfloat16>(Dtype::BF16); },
      [](Files& f) { f.round_to<Eigen::bfloat16>(); });
}

TEST_CASE("control: rounded weights are other weights") {
  const auto reference = references::read(here / "gpt2");
  const TemporaryFolder folder;
  Files files("gpt2");
  files.round_to<Eigen::half>(), files.write(folder.path());
  CHECK(values(folder.path(), reference) != values(here / "gpt2", reference));
}

TEST_CASE("a head of its own, where the configuration does not tie it") {
  const auto untied = [](float factor) {
    return [factor](Files& f) {
      f.config["tie_word_embeddings"] = false;
      auto& head = f.tensors["lm_head.weight"] = f.tensors.at("transformer.wte.weight");
      for (std::size_t i = 0; i < head.bytes.size(); i += 4) {
        float x;
        std::memcpy(&x, head.bytes.data() + i, 4);
        x *= factor;
        std::memcpy(head.bytes.data() + i, &x, 4);
      }
    };
  };
  const auto reference = references::read(here / "gpt2");
  const TemporaryFolder same, doubled;
  Files a("gpt2"), b("gpt2");
  untied(1)(a), a.write(same.path());
  untied(2)(b), b.write(doubled.path());
  const auto tied = values(here / "gpt2", reference);
  CHECK(values(same.path(), reference).at("logits") == tied.at("logits"));
  CHECK(values(doubled.path(), reference).at("logits") == 2 * tied.at("logits"));
  check_refused("gpt2", "missing: lm_head.weight",
                [](Files& f) { f.config["tie_word_embeddings"] = false; });
}

TEST_CASE("what did not change is written back as it came") {
  for (const int wanted : {1, 3, 0}) {  // 0: one for each tensor, also for one that is passed over
    const TemporaryFolder folder, out;
    Files files("gpt2");
    files.store_as<Eigen::bfloat16>(Dtype::BF16);
    files.rename([](const std::string& n) { return without(n, "transformer."); });
    files.tensors["lm_head.weight"] = files.tensors.at("wte.weight");
    files.tensors["h.0.attn.bias"] = files.tensors.at("ln_f.bias");  // a mask, in old files
    files.config["a_member_of_yours"] = {1, "two"};
    files.write(folder.path(), wanted > 0 ? wanted : static_cast<int>(files.tensors.size()));
    const ModelFolder model_folder(folder.path());
    const auto model = model_folder.load();
    model_folder.save(out / "same", *model);
    CHECK(all_of(out / "same") == all_of(folder.path()));

    // Of a change, the bytes of its tensor alone.
    for (nn::Parameter* p : nn::parameters(*model))
      if (p->name == "transformer.ln_f.bias") p->value.m.setConstant(0.5);
    model_folder.save(out / "changed", *model);
    int different = 0;
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      const std::string name = entry.path().filename().string();
      const std::string before = nn::read_file(entry.path());
      const std::string now = nn::read_file(out / "changed" / name);
      CHECK(before.size() == now.size());
      for (std::size_t i = 0; i < now.size(); ++i) different += before[i] != now[i];
    }
    CHECK(different > 0);
    CHECK(different <= 2 * 12);  // of 12 numbers of two bytes
    const auto again = ModelFolder(out / "changed").load();
    for (nn::Parameter* p : nn::parameters(*again))
      if (p->name == "transformer.ln_f.bias") CHECK(p->value.m == Matrix::Constant(1, 12, 0.5f));
  }
}

TEST_CASE("a number that the stored type has not is refused before anything is written") {
  const TemporaryFolder folder, out;
  Files files("gpt2");
  files.store_as<Eigen::half>(Dtype::F16);
  files.write(folder.path());
  const ModelFolder model_folder(folder.path());
  const auto model = model_folder.load();
  nn::parameters(*model).front()->value.m(0, 0) = 1e6f;  // beyond 65504
  CHECK_THROWS_WITH_AS(model_folder.save(out / "x", *model),
                       doctest::Contains("is no number of the type F16"), nn::ModelError);
  CHECK_FALSE(fs::exists(out / "x"));
}

TEST_CASE("a setting that changes the computation and is not ours is refused by its name") {
  struct Setting {
    std::vector<std::string> models;
    const char* name;
    Json value;
  };
  const std::vector<std::string> encoders{"bert", "roberta", "deberta", "deberta-v2"};
  const std::vector<std::string> debertas{"deberta", "deberta-v2", "deberta-v3"};
  const std::vector<std::string> all{"gpt2",    "gpt2-classifier", "llama",     "llama3",
                                     "bert",    "bert-mlm",        "roberta",   "roberta-mlm",
                                     "deberta", "deberta-v2",      "deberta-v3"};
  const std::vector<Setting> settings{
      {all, "quantization_config", {{"bits", 4}}},
      {all, "problem_type", "regression"},
      {all, "problem_type", "multi_label_classification"},
      {all, "is_encoder_decoder", true},
      {all, "architectures", {"SomethingForQuestionAnswering"}},
      {all, "architectures", {"SomethingForTokenClassification"}},
      {{"gpt2"}, "architectures", {"GPT2DoubleHeadsModel"}},
      {{"gpt2"}, "scale_attn_weights", false},
      {{"gpt2"}, "scale_attn_by_inverse_layer_idx", true},
      {{"gpt2", "bert", "roberta"}, "add_cross_attention", true},
      {{"gpt2"}, "activation_function", "quick_gelu"},
      {{"llama", "bert", "roberta", "deberta", "deberta-v2"}, "hidden_act", "quick_gelu"},
      {{"llama"}, "rope_parameters", {{"rope_type", "yarn"}, {"rope_theta", 100.0}}},
      {{"llama"}, "rope_parameters", {{"rope_type", "linear"}, {"factor", 2.0}}},
      {{"llama"}, "rope_parameters", {{"rope_type", "dynamic"}, {"factor", 2.0}}},
      {{"llama"}, "rope_parameters", {{"rope_type", "longrope"}, {"factor", 2.0}}},
      {{"llama"}, "rope_parameters", {{"rope_type", "default"}, {"partial_rotary_factor", 0.5}}},
      {{"bert", "roberta"}, "is_decoder", true},
      {{"bert", "roberta"}, "position_embedding_type", "relative_key"},
      {{"bert", "roberta"}, "position_embedding_type", "relative_key_query"},
      {encoders, "tie_word_embeddings", false},
      {debertas, "relative_attention", false},
      {debertas, "relative_attention", nullptr},
      {debertas, "talking_head", true},
      {debertas, "pos_att_type", {"c2p", "p2p"}},
      {debertas, "embedding_size", 6},
      {debertas, "pooler_hidden_size", 6},
      {debertas, "pooler_hidden_act", "quick_gelu"},
      {{"deberta-v2", "deberta-v3"}, "attention_head_size", 2},
      {{"deberta-v2", "deberta-v3"}, "conv_groups", 2},
      {{"deberta-v2", "deberta-v3"}, "conv_act", "quick_gelu"},
      {{"deberta-v2", "deberta-v3"}, "norm_rel_ebd", "rms"},
  };
  for (const Setting& setting : settings)
    for (const std::string& name : setting.models) {
      CAPTURE(setting.name);
      const std::string named = setting.value.is_object() && setting.value.contains("rope_type")
                                    ? "rot"  // rope_type or partial_rotary_factor
                                    : setting.name;
      check_refused(name, named == "rot" ? "config.json: \"" : fmt::format("\"{}\"", named),
                    [&](Files& f) { f.config[setting.name] = setting.value; });
    }
}

TEST_CASE("tensors that are missing, left over or misshapen are counted and named") {
  check_refused("gpt2", "missing: transformer.h.0.ln_1.bias",
                [](Files& f) { f.tensors.erase("transformer.h.0.ln_1.bias"); });
  check_refused("gpt2", "not of this model: \"transformer.h.2.ln_1.bias\"", [](Files& f) {
    f.tensors["transformer.h.2.ln_1.bias"] = f.tensors.at("transformer.h.1.ln_1.bias");
  });
  check_refused("gpt2", "wrong shape: transformer.wte.weight is (23,12) and not (24,12)",
                [](Files& f) { f.config["vocab_size"] = 24; });
  check_refused("gpt2", "wrong dtype: transformer.wte.weight is I32",
                [](Files& f) { f.tensors.at("transformer.wte.weight").dtype = Dtype::I32; });
  check_refused("gpt2", "transformer.h.1.ln_2.weight and 4 more", [](Files& f) {
    std::erase_if(f.tensors, [](const auto& t) { return t.first.starts_with("transformer.h.1."); });
  });
  check_refused("llama", "model_type\" is \"mamba\"; those computed here are bert, deberta",
                [](Files& f) { f.config["model_type"] = "mamba"; });
}

TEST_CASE("a folder that is no model, or not a whole one") {
  const TemporaryFolder root;
  const auto folder = [&](const char* name) {
    Files("gpt2").write(root / name, 3);
    return root / name;
  };
  check_refused(root / "nowhere", "there is no config.json: no model");

  fs::path f = folder("a");
  fs::resize_file(f / "model-00002-of-00003.safetensors", 500);
  check_refused(f, "model-00002-of-00003.safetensors: ");
  f = folder("b");
  fs::remove(f / "model-00003-of-00003.safetensors");
  check_refused(f, "model-00003-of-00003.safetensors: is not there, but model.safetensors.index");
  f = folder("c");  // a tensor twice
  fs::copy_file(f / "model-00001-of-00003.safetensors", f / "model-00002-of-00003.safetensors",
                fs::copy_options::overwrite_existing);
  check_refused(f, "is in model-00001-of-00003.safetensors too");

  const auto index = [&](const char* name, const std::string& text) {
    const fs::path made = folder(name);
    nn::write_file_atomically(made / "model.safetensors.index.json", text);
    return made;
  };
  check_refused(index("d", R"({"weight_map":{"a":"model-00001-of-00003.safetensors","a":"x"}})"),
                "has the member \"a\" twice");
  check_refused(index("e", R"({"weight_map":{"a":"../secret"}})"), "which is no name of a file");
  check_refused(index("f", R"({"weight_map":{"a":"model-00001-of-00003.safetensors"}})"),
                "the tensor \"a\" is to be in model-00001-of-00003.safetensors, and is not");
  check_refused(index("g", "{}"), "there is no object \"weight_map\"");

  f = folder("h");
  for (int i = 0; i < 3; ++i) fs::remove(f / Files::file_name(i, 3));
  fs::remove(f / "model.safetensors.index.json");
  check_refused(f, "there is no model.safetensors and no model.safetensors.index.json");
  nn::write_file_atomically(f / "pytorch_model.bin", "x");
  check_refused(f, "is a pickle, which is a program and not read here; to convert it: python3 -c");
  nn::write_file_atomically(f / "config.json", "{\"model_type\": 3}");
  check_refused(f, "\"model_type\" is 3, where a text is wanted");
}

TEST_CASE("inputs that are none") {
  const TemporaryFolder folder;
  const auto refuses = [&](const std::string& text, const char* what) {
    nn::write_file_atomically(folder / "inputs.json", text);
    CHECK_THROWS_WITH_AS(nn::read_inputs(folder / "inputs.json"), doctest::Contains(what),
                         nn::InputsError);
  };
  refuses("[]", "inputs.json: is not a JSON object");
  refuses("{}", "there are no rows \"input_ids\"");
  refuses(R"({"input_ids":[1,2]})", "there are no rows \"input_ids\"");
  refuses(R"({"input_ids":[[1],[2,3]]})", "\"input_ids\" has rows of 1 and of 2");
  refuses(R"({"input_ids":[[1.5]]})", "\"input_ids\" has 1.5, where a whole number is wanted");
  refuses(R"({"input_ids":[[3000000000]]})", "where a whole number is wanted");
  refuses(R"({"input_ids":[[1]],"attention_mask":[[2]]})", "\"attention_mask\" has 2");
  refuses(R"({"input_ids":[[1]],"attention_mask":[[1,1]]})", "\"attention_mask\" is (1,2)");
  refuses(R"({"input_ids":[[1]],"labels":[1,2]})", "\"labels\" is (2,0)");
  refuses(R"({"input_ids":[[1]],"position_ids":[[1]]})", "\"position_ids\" is none of");
}

}  // namespace model_files_test
