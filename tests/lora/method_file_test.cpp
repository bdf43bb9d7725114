#include "lora/files/method_file.h"
#include "lora/merge.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "nn/files/file.h"
#include "tests/lora/all_methods.h"
#include "tests/nn/temporary_folder.h"

namespace method_file_test {

using lora::AdapterError;
using lora::MethodSpec;
using nn::Decoder;
using nn::SafetensorsFile;
using nn::SafetensorsWriter;

namespace fs = std::filesystem;

namespace {

/// A small decoder as if it had been trained, saved in a folder.
struct Saved {
  explicit Saved(const MethodSpec& spec) : model(wrapped(spec)) {
    perturb_trained(model);
    lora::save_method(path(), model, spec, {"toy-base", {{"task", "nli"}}});
  }
  fs::path path() const { return folder / "saved"; }
  fs::path file() const { return path() / "method.safetensors"; }

  /// Writes the file again without one tensor and with what `change` does.
  void rewrite(const std::function<void(SafetensorsWriter&)>& change,
               const std::string& without = "") const {
    const SafetensorsFile old = SafetensorsFile::read(file());
    SafetensorsWriter writer;
    writer.metadata = old.metadata();
    for (const nn::SafetensorsEntry& entry : old.entries())
      if (entry.name != without) writer.add(entry.name, old.tensor(entry.name));
    change(writer);
    writer.write(file());
  }

  TemporaryFolder folder;
  Decoder model;
};

/// The message of loading into a model, which must then be as it was; the path is taken off.
std::string refusal(const Saved& saved, Decoder model = Decoder(small_config(), 1)) {
  const Snapshot before(model);
  const std::string message =
      message_of<AdapterError>([&] { lora::load_method(saved.path(), model); });
  if (message.empty()) return "";
  CHECK(before == Snapshot(model));
  CHECK(message.starts_with(saved.path().string()));
  return message.substr(message.find(": ") + 2);
}

}  // namespace

TEST_CASE("every method comes back bit for bit, and its logits with it") {
  Decoder base(small_config(), 1);
  const nn::Matrix base_logits = logits_of_batch(base, small_batch());
  for (const MethodSpec& spec : some_of_each_method()) {
    Saved saved(spec);
    Decoder loaded(small_config(), 1);
    const lora::MethodInfo info = lora::load_method(saved.path(), loaded);
    const lora::MethodInfo described = lora::describe_method(saved.path());
    CHECK(described.spec.name == spec.name);
    CHECK(described.spec.size == spec.size);
    CHECK(described.metadata == info.metadata);
    CHECK(described.parameters == info.parameters);
    CHECK(info.names_base);
    CHECK_MESSAGE(Snapshot(loaded) == Snapshot(saved.model), spec.name);
    const nn::Matrix logits = logits_of_batch(loaded, small_batch());
    CHECK(same_bits(logits, logits_of_batch(saved.model, small_batch())));
    CHECK_FALSE(same_bits(logits, base_logits));
    CHECK(info.spec.name == spec.name);
    CHECK(info.spec.size == spec.size);
    CHECK(info.spec.lora.spec.rank == (spec.lora.targets.empty() ? 4 : spec.lora.spec.rank));
    CHECK(info.base_model == "toy-base");
    CHECK(info.metadata == nn::Metadata{{"task", "nli"}});
    CHECK(info.parameters == lora::count(spec, loaded.config));
    // Saved again it is the same file.
    lora::save_method(saved.folder / "again", loaded, info.spec, {"toy-base", {{"task", "nli"}}});
    for (const auto& file : fs::directory_iterator(saved.path()))
      CHECK(nn::read_file(file.path()) ==
            nn::read_file(saved.folder / "again" / file.path().filename().string()));
  }
}

TEST_CASE("LoRA alone is in PEFT's layout, the others are one file") {
  for (const MethodSpec& spec : some_of_each_method()) {
    Saved saved(spec);
    CHECK(fs::exists(saved.file()) == (spec.name != "lora"));
    CHECK(fs::exists(saved.path() / "adapter_config.json") == (spec.name == "lora"));
  }
  Saved saved(MethodSpec{"adapter-l", 2});
  const SafetensorsFile file = SafetensorsFile::read(saved.file());
  Decoder base(small_config(), 1);
  CHECK(file.metadata() == nn::Metadata{{"lowrank.base_model", "toy-base"},
                                        {"lowrank.config", nn::to_json(small_config())},
                                        {"lowrank.format", "1"},
                                        {"lowrank.frozen_fingerprint", nn::fingerprint(base)},
                                        {"lowrank.method", "adapter-l"},
                                        {"lowrank.size", "2"},
                                        {"task", "nli"}});
  CHECK(file.entries().size() == 2 * 6);
}

TEST_CASE("the alpha of LoRA beside a prefix comes back, also from a merged model") {
  MethodSpec spec{"lora+prefix", 2, everywhere(2, 1.0 / 3)};
  spec.lora.alpha_pattern = {{"up", 5}};
  Decoder model = wrapped(spec), loaded(small_config(), 1);
  perturb_trained(model);
  const TemporaryFolder folder;
  const nn::Matrix logits = logits_of_batch(model, small_batch());
  lora::merge(model);
  lora::save_method(folder / "merged", model, spec);
  lora::load_method(folder / "merged", loaded);
  CHECK(same_bits(logits_of_batch(loaded, small_batch()), logits));
}

TEST_CASE("another base is refused where something frozen differs, and only there") {
  for (const MethodSpec& spec : some_of_each_method()) {
    Saved saved(spec);
    Decoder other(small_config(), 2);
    const std::string message = refusal(saved, std::move(other));
    if (spec.name == "full")
      CHECK(message == "");  // every tensor is overwritten
    else
      CHECK_MESSAGE(message.find("it was made for another base: fingerprint ") == 0, spec.name);
  }
  // A bias of the base that bitfit overwrites does not matter; a weight does.
  Saved saved(MethodSpec{"bitfit"});
  Decoder bias(small_config(), 1), weight(small_config(), 1);
  bias.blocks[0]->ln1.bias.value.m.setOnes();
  lora::load_method(saved.path(), bias);
  CHECK(Snapshot(bias) == Snapshot(saved.model));
  weight.blocks[0]->ln1.weight.value.m *= 2;
  CHECK(refusal(saved, std::move(weight)).starts_with("it was made for another base"));
}

TEST_CASE("a model of another configuration is refused, also where all shapes agree") {
  for (const char* name : {"full", "bitfit"}) {
    Saved saved(MethodSpec{name});
    nn::DecoderConfig heads = small_config();
    heads.heads = 1;
    CHECK(refusal(saved, Decoder(heads, 1))
              .starts_with("it was made for a model of another configuration: "));
  }
}

TEST_CASE("files with other tensors are refused with the difference") {
  Saved saved(MethodSpec{"adapter-h", 2});
  const std::string up = "blocks.1.attn.o.adapter.up.bias";
  saved.rewrite([](SafetensorsWriter&) {}, up);
  CHECK(refusal(saved) == "adapter-h (bottleneck width 2) trains 88 parameters, the file holds 84");
  saved.rewrite([&](SafetensorsWriter& w) { w.add(up, nn::Tensor({2, 2})); });
  CHECK(refusal(saved) == "wrong shape: " + up + " is (2,2) and not (4)");
  saved.rewrite([&](SafetensorsWriter& w) { w.add("more", nn::Tensor({4})); }, up);
  CHECK(refusal(saved) == "missing: " + up + "; not wanted: \"more\"");
  saved.rewrite([&](SafetensorsWriter& w) { w.add(up, nn::Tensor({4}), nn::Dtype::F64); }, "more");
  CHECK(refusal(saved) == "wrong dtype: " + up + " is F64 and not F32");
}

TEST_CASE("metadata that make no method are refused") {
  const auto with = [](const char* key, const std::string& value) {
    Saved saved(MethodSpec{"lora+prefix", 2, everywhere()});
    saved.rewrite([&](SafetensorsWriter& w) { w.metadata[key] = value; });
    return refusal(saved);
  };
  CHECK(with("lowrank.method", "magic").starts_with("unknown method 'magic'; valid are full, "));
  CHECK(with("lowrank.method", "bitfit") == "unknown metadata \"lowrank.lora\"");
  for (const char* size : {"", "2x", " 2", "99999999999999999999", "2.0"})
    CHECK(
        with("lowrank.size", size).starts_with("\"lowrank.size\" must be a whole number, not \""));
  CHECK(with("lowrank.size", "-1").ends_with(" must be in 1..1000000, not -1"));
  CHECK(with("lowrank.size", "1000000").ends_with(", the file holds 224"));
  CHECK(with("lowrank.lora", "{}") == "has no \"peft_type\"");
  CHECK(with("lowrank.new", "1") == "unknown metadata \"lowrank.new\"");
  for (const char* key : {"lowrank.method", "lowrank.size", "lowrank.config", "lowrank.base_model",
                          "lowrank.frozen_fingerprint", "lowrank.lora"}) {
    Saved saved(MethodSpec{"lora+prefix", 2, everywhere()});
    saved.rewrite([&](SafetensorsWriter& w) { w.metadata.erase(key); });
    CHECK(refusal(saved) == fmt::format("not a method's file: its metadata have no \"{}\"", key));
  }
}

TEST_CASE("a checkpoint holds what is a plain decoder still, and refuses the rest") {
  const TemporaryFolder folder;
  for (const MethodSpec& spec : some_of_each_method()) {
    Decoder model = wrapped(spec);
    const bool plain = spec.name == "full" || spec.name == "top-layers" || spec.name == "bitfit";
    const std::string message = message_of<nn::CheckpointError>(
        [&] { nn::save_checkpoint(folder / "model.safetensors", model); });
    CHECK_MESSAGE(message.empty() == plain, spec.name);
  }
}

TEST_CASE("folders that hold no method, or two, are refused") {
  Saved saved(MethodSpec{"bitfit"});
  nn::write_file_atomically(saved.path() / "adapter_config.json", "{}");
  CHECK(refusal(saved) == "there are both method.safetensors and adapter_config.json");
  fs::remove_all(saved.path());
  CHECK(refusal(saved) == "there is neither method.safetensors nor adapter_config.json");
}

TEST_CASE("a model that is wrapped already is refused") {
  Saved saved(MethodSpec{"bitfit"});
  CHECK(refusal(saved, wrapped({"prefix-embedding", 1})) ==
        "bitfit wants a plain decoder, and this one has prefix.rows");
}

TEST_CASE("what does not train what its method trains is not saved") {
  const TemporaryFolder folder;
  const auto refused = [&](Decoder& model, const MethodSpec& spec) {
    const std::string message =
        message_of<AdapterError>([&] { lora::save_method(folder / "a", model, spec); });
    CHECK(folder.names().empty());
    return message;
  };
  Decoder plain(small_config(), 1), bitfit = wrapped({"bitfit"});
  CHECK(refused(plain, {"bitfit"}) ==
        "the model is not adapted by bitfit (-): blocks.0.attn.k.weight trains");
  CHECK(refused(bitfit, {"full"}) ==
        "the model is not adapted by full (-): blocks.0.attn.k.weight does not train");
  Decoder prefix = wrapped({"prefix-embedding", 2});
  CHECK(refused(prefix, {"prefix-embedding", 3}) ==
        "the model is not adapted by prefix-embedding (prefix length 3): prefix.rows is (1,2,4) "
        "and not (1,3,4)");
  CHECK(refused(prefix, {"lora"}) == "the model has no LoRA layers to save");
  CHECK(message_of<AdapterError>([&] {
          lora::save_method(folder / "a", bitfit, {"bitfit"}, {"", {{"lowrank.x", ""}}});
        }) == "the metadata key \"lowrank.x\" is taken");
  CHECK_THROWS_AS(lora::save_method(folder / "a", bitfit, {"bitfit"}, {"", {{"task", "\xff"}}}),
                  nn::SafetensorsError);
  Decoder both = wrapped({"lora+prefix", 2, everywhere()});
  CHECK(refused(both, {"lora"}) ==
        "the model is not adapted by lora (r = 2 on down,k,o,q,up,v): prefix.rows trains");
  CHECK(message_of<AdapterError>([&] { lora::save_adapter(folder / "a", both); }) ==
        "the model trains prefix.rows too, for which an adapter has no place");
  CHECK(folder.names().empty());
}

}  // namespace method_file_test
