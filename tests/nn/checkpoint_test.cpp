#include "nn/files/checkpoint.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <functional>

#include "nn/files/file.h"
#include "tests/nn/temporary_folder.h"

namespace checkpoint_test {

using nn::CheckpointError;
using nn::Decoder;
using nn::DecoderConfig;
using nn::SafetensorsFile;
using nn::SafetensorsWriter;

namespace {

const DecoderConfig small{
    .vocabulary = 5, .context = 3, .d_model = 4, .layers = 2, .heads = 2, .d_mlp = 6};

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

/// The message of loading the checkpoint of a small model after `change`; its path is taken off.
std::string error_after(const std::function<void(SafetensorsWriter&)>& change,
                        const std::vector<std::string>& without = {}) {
  const TemporaryFolder folder;
  Decoder model(small, 1);
  SafetensorsWriter writer;
  writer.metadata["config"] = to_json(small);
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    if (std::find(without.begin(), without.end(), name) == without.end()) writer.add(name, p.value);
  });
  change(writer);
  writer.write(folder / "f");
  const std::string message = error_of([&] { nn::load_checkpoint(folder / "f"); });
  const std::string path = (folder / "f").string() + ": ";
  CHECK((message.empty() || message.starts_with(path)));
  CHECK(message.find('\n') == std::string::npos);
  return message.empty() ? "" : message.substr(path.size());
}

/// The same with `from` in the configuration replaced by `to`.
std::string error_of_config(const std::string& from, const std::string& to) {
  std::string text = to_json(small);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return error_after([&](SafetensorsWriter& writer) { writer.metadata["config"] = text; });
}

bool same_bits(const nn::Tensor& a, const nn::Tensor& b) {
  return a.shape == b.shape &&
         std::memcmp(a.m.data(), b.m.data(), static_cast<std::size_t>(a.bytes())) == 0;
}

}  // namespace

TEST_CASE("a checkpoint brings the configuration and every parameter back bit for bit") {
  const TemporaryFolder folder;
  for (const bool tied : {true, false}) {
    DecoderConfig config = small;
    config.tied = tied;
    config.gelu = autograd::Gelu::tanh;
    config.embedding_stddev = 0.1 + 1e-17;
    config.dropout = 1.0 / 3;
    Decoder model(config, 7);
    model.ln_f.bias.value.m(0, 0) = -0.0f;
    model.ln_f.bias.value.m(0, 1) = 1e-42f;  // not a normal number
    nn::save_checkpoint(folder / "f", model, {{"task", "nli"}});

    const auto loaded = nn::load_checkpoint(folder / "f");
    CHECK(loaded->config == config);
    const auto before = parameters(model), after = parameters(*loaded);
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      CHECK(before[i]->name == after[i]->name);
      CHECK(same_bits(before[i]->value, after[i]->value));
    }
    CHECK_FALSE(same_bits(loaded->tok.weight.value, Decoder(config, 0).tok.weight.value));
    CHECK(nn::read_checkpoint_metadata(folder / "f") ==
          nn::Metadata{{"config", to_json(config)}, {"lowrank.format", "1"}, {"task", "nli"}});
    CHECK(folder.names() == std::vector<std::string>{"f"});
  }
}

TEST_CASE(
    "the file has the names, shapes and dtype that it promises, and its configuration reads well") {
  const TemporaryFolder folder;
  Decoder model(small, 1);
  nn::save_checkpoint(folder / "f", model);
  const SafetensorsFile file = SafetensorsFile::read(folder / "f");
  CHECK(file.entries().size() == 2 + 2 * 16 + 2);
  for (const nn::SafetensorsEntry& entry : file.entries()) CHECK(entry.dtype == nn::Dtype::F32);
  CHECK(file.entry("blocks.1.mlp.up.weight").shape == std::vector<std::uint64_t>{6, 4});
  CHECK(file.metadata().at("config") ==
        R"({"vocabulary":5,"context":3,"d_model":4,"layers":2,"heads":2,"d_mlp":6,"tied":true,)"
        R"("gelu":"erf","embedding_stddev":0.1,"dropout":0.0})");
}

TEST_CASE("the list of shapes is that of the model") {
  for (const bool tied : {true, false}) {
    DecoderConfig config = small;
    config.tied = tied;
    Decoder model(config, 1);
    nn::Shapes shapes;
    model.visit("",
                [&](const std::string& name, nn::Parameter& p) { shapes[name] = p.value.shape; });
    CHECK(shapes == parameter_shapes(config));
  }
}

TEST_CASE("tensors that differ are refused together") {
  CHECK(error_after([](SafetensorsWriter&) {}) == "");
  CHECK(
      error_after(
          [](SafetensorsWriter& w) {
            w.add("pos.weight", nn::Tensor({4, 3}));
            w.add("tok.weight", nn::Tensor({5, 4}), nn::Dtype::F64);
            w.add("blocks.0.attn.q.lora_A", nn::Tensor({1, 4}));
            w.add("two\nlines", nn::Tensor({1}));
          },
          {"pos.weight", "tok.weight", "ln_f.bias", "blocks.0.ln1.weight"}) ==
      "missing: blocks.0.ln1.weight, ln_f.bias; not wanted: \"blocks.0.attn.q.lora_A\", "
      "\"two\\nlines\"; wrong shape: pos.weight is (4,3) and not (3,4); wrong dtype: tok.weight is "
      "F64 and not F32");
  CHECK(error_after(
            [](SafetensorsWriter& w) {
              w.add("ln_f.bias", nn::Tensor({4, 1}));
            },
            {"ln_f.bias"}) == "wrong shape: ln_f.bias is (4,1) and not (4)");
}

TEST_CASE("long lists end in a count") {
  const std::string message = error_after([](SafetensorsWriter& w) {
    for (int i = 0; i < 30; ++i) w.add(fmt::format("x{:02}", i), nn::Tensor({1}));
  });
  CHECK(message ==
        "not wanted: \"x00\", \"x01\", \"x02\", \"x03\", \"x04\", \"x05\", \"x06\", \"x07\" and 22 "
        "more");
}

TEST_CASE("configurations that are not ours are refused") {
  CHECK(error_after([](SafetensorsWriter& w) {
          w.metadata = {{"format", "pt"}};
        }) == "not a checkpoint of this program: its metadata have no \"config\"");
  CHECK(error_after([](SafetensorsWriter& w) { w.metadata["config"] = "small"; }) ==
        "the configuration is not JSON");
  CHECK(error_after([](SafetensorsWriter& w) { w.metadata["config"] = "[1]"; }) ==
        "the configuration is not a JSON object");
  CHECK(error_after([](SafetensorsWriter& w) {
          w.metadata["config"] = "{\"gelu\":" + std::string(100'000, '[');
        }) == "the configuration is nested deeper than 8 levels");
  CHECK(error_of_config("\"heads\":2,", "") == "the configuration has no \"heads\"");
  CHECK(error_of_config("{", "{\"experts\":8,") ==
        "the configuration has the unknown member \"experts\"");
  CHECK(error_of_config("{", "{\"heads\":2,") ==
        "the configuration has the member \"heads\" twice");
  CHECK(error_of_config("\"heads\":2", "\"heads\":\"2\"") ==
        "\"heads\" of the configuration must be a whole number below 2^63, not \"2\"");
  CHECK(error_of_config("\"heads\":2", "\"heads\":2.5") ==
        "\"heads\" of the configuration must be a whole number below 2^63, not 2.5");
  CHECK(
      error_of_config("\"heads\":2", "\"heads\":9223372036854775808") ==
      "\"heads\" of the configuration must be a whole number below 2^63, not 9223372036854775808");
  CHECK(error_of_config("true", "1") ==
        "\"tied\" of the configuration must be true or false, not 1");
  CHECK(error_of_config("\"erf\"", "\"relu\"") ==
        "\"gelu\" of the configuration must be \"erf\" or \"tanh\", not \"relu\"");
  CHECK(error_of_config("\"dropout\":0.0", "\"dropout\":null") ==
        "\"dropout\" of the configuration must be a number, not null");
  CHECK(error_of_config("\"heads\":2", "\"heads\":3") ==
        "the configuration makes no model: 3 heads do not divide d_model 4");
  CHECK(error_of_config("\"layers\":2", "\"layers\":-2") ==
        "the configuration makes no model: layers must be at least 1, not -2");
  CHECK(error_of_config("\"embedding_stddev\":0.1", "\"embedding_stddev\":-1") ==
        "the configuration makes no model: embedding_stddev must be at least 0, not -1");
}

TEST_CASE("sizes that the file does not have take no memory") {
  // Each of them would need more than 2^60 bytes.
  CHECK(error_of_config("\"layers\":2", "\"layers\":9000000000000000000") ==
        "the configuration has 9000000000000000000 layers, the file only 36 tensors");
  CHECK(error_of_config("\"vocabulary\":5", "\"vocabulary\":9000000000000000000") ==
        "wrong shape: tok.weight is (5,4) and not (9000000000000000000,4)");
  CHECK(error_of_config("\"context\":3", "\"context\":9000000000000000000") ==
        "wrong shape: pos.weight is (3,4) and not (9000000000000000000,4)");
  CHECK(error_of_config("\"d_mlp\":6", "\"d_mlp\":4611686018427387904")
            .starts_with("wrong shape: blocks.0.mlp.down.weight is (4,6) and not "));
  CHECK(error_of_config("\"d_model\":4", "\"d_model\":4611686018427387904")
            .starts_with("wrong shape: blocks.0.attn.k.bias is (4) and not "));
}

TEST_CASE("files that are no safetensors files are refused by name") {
  const TemporaryFolder folder;
  Decoder model(small, 1);
  nn::save_checkpoint(folder / "f", model);
  const std::string whole = nn::read_file(folder / "f");
  int refused = 0;
  for (std::size_t length = 0; length < whole.size(); length += 1 + length / 8) {
    nn::write_file_atomically(folder / "g", std::string_view(whole).substr(0, length));
    try {
      nn::load_checkpoint(folder / "g");
    } catch (const nn::SafetensorsError& error) {
      ++refused;
      CHECK(std::string(error.what()).starts_with((folder / "g").string()));
    }
  }
  CHECK(refused > 30);
  CHECK_THROWS_AS(nn::load_checkpoint(folder / "no"), nn::FileError);
  CHECK_THROWS_AS(nn::read_checkpoint_metadata(folder / "no"), nn::FileError);
}

TEST_CASE("what could not be loaded again is not written") {
  const TemporaryFolder folder;
  Decoder model(small, 1);
  const std::string path = (folder / "f").string();
  CHECK(error_of([&] {
          nn::save_checkpoint(path, model, {{"config", "mine"}});
        }) == path + " cannot be written: the metadata key \"config\" is taken");
  model.head.emplace().value = nn::Tensor({5, 4});  // the configuration says that it is tied
  CHECK(error_of([&] { nn::save_checkpoint(path, model); }) ==
        path +
            " cannot be written: parameters that a plain model does not have (unwrap it first): "
            "head.weight");
  CHECK(folder.names().empty());
}

TEST_CASE("a fingerprint knows every bit of values, names and shapes") {
  Decoder model(small, 1), twin(small, 1), other(small, 2);
  const std::string print = nn::fingerprint(model);
  CHECK(print.size() == 16);
  CHECK(print == nn::fingerprint(twin));
  CHECK(print != nn::fingerprint(other));
  float& x = twin.ln_f.bias.value.m(0, 3);
  x = -0.0f;
  CHECK(print != nn::fingerprint(twin));
  x = 0.0f;
  CHECK(print == nn::fingerprint(twin));
  std::swap(twin.blocks[0], twin.blocks[1]);
  CHECK(print != nn::fingerprint(twin));

  const nn::Tensor row({1, 4}), column({4, 1}), flat({4});
  const std::string prints[] = {nn::fingerprint({{"a", &row}}),
                                nn::fingerprint({{"a", &column}}),
                                nn::fingerprint({{"a", &flat}}),
                                nn::fingerprint({{"b", &flat}}),
                                nn::fingerprint({{"a", &flat}, {"b", &flat}}),
                                nn::fingerprint({})};
  for (const std::string& a : prints)
    CHECK(std::count(std::begin(prints), std::end(prints), a) == 1);
}

}  // namespace checkpoint_test
