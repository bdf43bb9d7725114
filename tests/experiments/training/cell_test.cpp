#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "experiments/training/cell_fields.h"
#include "experiments/training/pretrain.h"
#include "lora/methods/method.h"

namespace cell_test {

using namespace experiments::training;

namespace {

CellResult example() {
  CellResult result;
  result.cell = {.task = "sqlgen",
                 .method = "lora",
                 .targets = {"q", "v"},
                 .rank = 4,
                 .alpha = 8,
                 .scaling = "alpha/r",
                 .seed = 18446744073709551615u,
                 .base_seed = 2,
                 .facts = 20,
                 .lr = 0.1 + 0.2,
                 .steps = 500,
                 .examples = 300};
  result.metric = "exact_match";
  result.value = 1.0 / 3;
  result.nll = 5e-324;
  result.trainable = 2048;
  result.seconds = 2.5;
  result.more = {{"train_nll", 0.1}};
  return result;
}

/// Another value of the same type, with which a cell need not be valid.
double another(double x) { return std::nextafter(x, x + 1); }
std::string another(const std::string& text) { return text + "2"; }
std::vector<std::string> another(std::vector<std::string> list) {
  list.push_back("k");
  return list;
}
std::vector<int> another(std::vector<int> list) {
  list.push_back(1);
  return list;
}
template <std::integral Integer>
Integer another(Integer x) {
  return x + 1;
}

/// What initialises any member of an aggregate.
struct Anything {
  template <class Value>
  operator Value() const;
};

/// How many members an aggregate has.
template <class Aggregate, class... Some>
constexpr int members() {
  if constexpr (requires { Aggregate{Anything(), Some()...}; })
    return members<Aggregate, Some..., Anything>();
  else
    return sizeof...(Some);
}

std::string reason(const nlohmann::ordered_json& object) {
  try {
    cell_result_from_json(object);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a result survives the round trip through text bit for bit") {
  const CellResult result = example();
  const std::string line = to_json(result).dump();
  const CellResult back = cell_result_from_json(nlohmann::ordered_json::parse(line));
  CHECK(back.cell.key() == result.cell.key());
  CHECK(back.cell.seed == result.cell.seed);
  CHECK(back.cell.lr == result.cell.lr);
  CHECK(back.value == result.value);
  CHECK(back.nll == result.nll);
  CHECK(back.more == result.more);
  CHECK(to_json(back).dump() == line);
}

TEST_CASE("the fields carry the documented names in their order") {
  const nlohmann::ordered_json object = to_json(example());
  std::string names;
  for (const auto& [name, value] : object.items()) names += name + " ";
  CHECK(names ==
        "experiment task method size targets rank alpha scaling init dropout optimizer seed "
        "base_seed base width facts lr metric value nll trainable steps examples seconds more ");
}

TEST_CASE("a diverged cell keeps its infinity and its NaN") {
  CellResult result = example();
  for (const double x : {std::numeric_limits<double>::infinity(),
                         -std::numeric_limits<double>::infinity(), std::nan("")}) {
    result.nll = x;
    const auto back = cell_result_from_json(nlohmann::ordered_json::parse(to_json(result).dump()));
    CHECK((back.nll == x || (std::isnan(back.nll) && std::isnan(x))));
  }
}

TEST_CASE("outcomes that no run can have are refused") {
  const auto with = [](const char* field, nlohmann::ordered_json value) {
    nlohmann::ordered_json object = to_json(example());
    object[field] = std::move(value);
    return reason(object);
  };
  CHECK(with("value", 1) == "accepted");
  CHECK(with("value", "nan") == "accepted");
  CHECK(with("value", 42) == "field \"value\" must be from 0 to 1 or nan, not 42");
  CHECK(with("value", -0.5) == "field \"value\" must be from 0 to 1 or nan, not -0.5");
  CHECK(with("trainable", -7) == "field \"trainable\" must be at least 0, not -7");
  CHECK(with("steps", -1) == "field \"steps\" must be at least 0, not -1");
  CHECK(with("examples", -1) == "field \"examples\" must be at least 0, not -1");
  CHECK(with("seconds", -1) == "field \"seconds\" must be at least 0, not -1");
  CHECK(with("seconds", "nan") == "field \"seconds\" must be at least 0, not nan");
  CHECK(with("method", "\x1b[31mX").starts_with("unknown method \"\\u001b[31mX\"; valid: "));
}

TEST_CASE("the key tells cells apart by every field, and by nothing else") {
  const Cell cell = example().cell;
  Cell same = cell;
  same.targets = {"v", "q"};
  CHECK(same.key() == cell.key());
  each_cell_field([&](const char* name, auto member, Written) {
    Cell other = cell;
    other.*member = another(cell.*member);
    CHECK_MESSAGE(other.key() != cell.key(), name);
  });
}

TEST_CASE("every field of a cell and of its result is listed") {
  int of_cell = 0, of_result = 0;
  each_cell_field([&](const char*, auto, Written) { ++of_cell; });
  each_field([&](const char*, auto, Written) { ++of_result; });
  CHECK(of_cell == members<Cell>());
  CHECK(of_result - of_cell == members<CellResult>() - 1);  // the cell itself
  CHECK(field_texts({}).size() == members<Cell>());
}

TEST_CASE("a key keeps its form, which names adapters' folders") {
  CHECK(example().cell.key() ==
        "sqlgen lora size=0 targets=q,v rank=4 alpha=8 scaling=alpha/r init=gaussian dropout=0 "
        "optimizer=adamw base=pretrained:64:2 seed=18446744073709551615 facts=20 "
        "lr=0.30000000000000004 steps=500 examples=300");
}

TEST_CASE("fields that came later are in key and JSON only where they say something") {
  CellResult result = example();
  const std::string key = result.cell.key(), line = to_json(result).dump();
  result.cell.blocks = {1, 0};
  result.cell.depth = 3;
  result.cell.base_steps = 40;
  result.cell.lr_ratio = 4;
  result.cell.labels = "permuted";
  result.cell.rounding = "other";
  CHECK(result.cell.key() ==
        key + " blocks=0,1 depth=3 base_steps=40 lr_ratio=4 labels=permuted rounding=other");
  const nlohmann::ordered_json object = to_json(result);
  const CellResult back = cell_result_from_json(object);
  CHECK(back.cell.key() == result.cell.key());
  CHECK(object["blocks"] == nlohmann::ordered_json{0, 1});
  CHECK(to_json(back).dump() == object.dump());

  const Cell before = cell_result_from_json(nlohmann::ordered_json::parse(line)).cell;
  CHECK(before.blocks.empty());
  CHECK(before.depth == 2);
  CHECK(before.base_steps == 0);
  CHECK(before.lr_ratio == 1);
  CHECK(before.labels == "true");
  CHECK(before.rounding == "usual");
  nlohmann::ordered_json without_width = nlohmann::ordered_json::parse(line);
  without_width.erase("width");
  CHECK(reason(without_width) == "field \"width\" is missing");
}

TEST_CASE("a cell's base is the usual one unless it says another") {
  CHECK(Cell().width == BaseConfig::default_model().d_model);
  CHECK(Cell().depth == BaseConfig::default_model().layers);
}

TEST_CASE("a weight set is written in the order of the model") {
  CHECK(weight_set({"o", "v", "k", "q"}) == "q,k,v,o");
  CHECK(weight_set({"up", "v", "down"}) == "v,up,down");
  CHECK(weight_set({}) == "");
}

TEST_CASE("every method of lora/ makes a cell") {
  for (const lora::Method* m : lora::all_methods()) {
    CellResult result = example();
    Cell& cell = result.cell;
    cell.method = m->name;
    cell.size = m->size_is ? 2 : 0;
    if (!m->has_lora) cell.targets = {}, cell.rank = 0;
    check_cell(cell);
    CHECK(reason(to_json(result)) == "accepted");
  }
}

TEST_CASE("what says nothing about a cell is refused") {
  const auto refusal = [](Cell cell) {
    try {
      check_cell(cell);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const Cell lora = example().cell;
  CHECK(refusal(lora) == "accepted");
  Cell full = lora;
  full.method = "full", full.targets.clear(), full.rank = 0;
  CHECK(refusal(full) == "accepted");
  full.lr_ratio = 2;
  CHECK(refusal(full).starts_with("only LoRA has blocks and an lr_ratio, not full"));
  full.lr_ratio = 1, full.blocks = {0};
  CHECK(refusal(full).starts_with("only LoRA has blocks and an lr_ratio, not full"));
  Cell random = lora;
  random.base = "random", random.base_steps = 40;
  CHECK(refusal(random).starts_with("a random base has no steps, but 40 are given"));
  Cell named = lora;
  named.targets = {"blocks.0.attn.q"};
  CHECK(refusal(named) == "accepted");
  named.blocks = {0};
  CHECK(refusal(named).starts_with("target \"blocks.0.attn.q\" names its block already"));
}

TEST_CASE("the architecture came later: a decoder's cell is written as before") {
  CellResult result = example();
  CHECK(result.cell.key().find("architecture") == std::string::npos);
  CHECK_FALSE(to_json(result).contains("architecture"));
  Cell& cell = result.cell;
  cell.architecture = "lstm", cell.targets = {"hh", "ih"}, cell.depth = 1, cell.width = 128;
  check_cell(cell);
  CHECK(cell.key().ends_with(" depth=1 architecture=lstm"));
  CHECK(weight_set(cell.targets) == "ih,hh");
  CHECK(cell_result_from_json(to_json(result)).cell.key() == cell.key());
  CHECK(cell.key() != [cell]() mutable { return cell.architecture = "gru", cell.key(); }());
  cell.architecture = "rnn";
  CHECK_THROWS_WITH_AS(
      check_cell(cell),
      doctest::Contains("unknown architecture \"rnn\"; valid: decoder, lstm, gru (cell: "),
      std::invalid_argument);
  cell = Cell();
  cell.task = "nli", cell.method = "bitfit", cell.architecture = "gru";
  CHECK_THROWS_WITH_AS(
      check_cell(cell),
      doctest::Contains(
          "unknown method of a recurrent base \"bitfit\"; valid: frozen, full, lora (cell: "),
      std::invalid_argument);
}

TEST_CASE("wrong JSON is refused by the name of the field") {
  const nlohmann::ordered_json good = to_json(example());
  CHECK(reason(good) == "accepted");
  const auto with = [&](const char* name, nlohmann::ordered_json value) {
    nlohmann::ordered_json object = good;
    object[name] = std::move(value);
    return reason(object);
  };
  nlohmann::ordered_json missing = good;
  missing.erase("nll");
  CHECK(reason(missing) == "field \"nll\" is missing");
  CHECK(with("colour", 1) == "unknown field \"colour\"");
  CHECK(with("rank", 1.5) == "field \"rank\" must be a whole number, not 1.5");
  CHECK(with("rank", 4294967297) ==
        "field \"rank\" must be a whole number in range, not 4294967297");
  CHECK(with("seed", -1) == "field \"seed\" must be a whole number in range, not -1");
  CHECK(with("value", "much") == "field \"value\" must be a number, not \"much\"");
  CHECK(with("value", nullptr) == "field \"value\" must be a number, not null");
  CHECK(with("targets", "q") == "field \"targets\" must be a list of strings, not \"q\"");
  CHECK(with("task", 3) == "field \"task\" must be a string, not 3");
  CHECK(with("rank", 0).starts_with("rank 0 is below 1"));
  CHECK(with("method", "magic")
            .starts_with("unknown method \"magic\"; valid: frozen, full, top-layers, bitfit, "
                         "prefix-embedding, prefix-layer, prompt-encoder, adapter-h, adapter-l, "
                         "lora, lora+prefix, subspace, student (cell: "));
  for (const char* other : {"frozen", "full", "bitfit"})
    CHECK(
        with("method", other)
            .starts_with(fmt::format("only LoRA has targets, a rank and dropout, not {}", other)));
  CHECK(
      with("method", "adapter-h").starts_with("size 0 (bottleneck width of adapter-h) is below 1"));
  CHECK(with("method", "lora+prefix")
            .starts_with("size 0 (prefix length of lora+prefix) is below 1"));
  CHECK(with("size", 2).starts_with("lora has no size, but 2 is given"));
  CHECK(with("scaling", "r").starts_with("unknown scaling \"r\""));
  CHECK(with("init", "zero").starts_with("unknown initialisation \"zero\""));
  CHECK(with("dropout", 1).starts_with("dropout 1 is not in [0, 1)"));
  CHECK(with("optimizer", "lion").starts_with("unknown optimizer \"lion\"; valid: adamw, sgd"));
  CHECK(
      with("base", "none").starts_with("unknown base \"none\"; valid: pretrained, sqlgen, random"));
  CHECK(with("labels", "random").starts_with("unknown labels \"random\"; valid: true, permuted"));
  CHECK(with("width", 0).starts_with("width 0 is below 1"));
  CHECK(with("depth", 0).starts_with("depth 0 is below 1"));
  CHECK(with("base_steps", -1).starts_with("base_steps -1 is below 0"));
  CHECK(with("blocks", {0, 1}) == "accepted");
  CHECK(with("blocks", {2}).starts_with("there is no block 2; there are 0..1"));
  CHECK(with("blocks", {1, 1}).starts_with("block 1 is named twice"));
  CHECK(with("blocks", {-1}) ==
        "field \"blocks\" must be a list of whole numbers from 0, not [-1]");
  CHECK(with("blocks", 1) == "field \"blocks\" must be a list of whole numbers from 0, not 1");
  CHECK(with("lr_ratio", 4) == "accepted");
  CHECK(with("lr_ratio", 0).starts_with("lr_ratio 0 is no positive number"));
  CHECK(with("lr_ratio", "inf").starts_with("lr_ratio inf is no positive number"));
  CHECK(reason(3) == "a cell must be a JSON object");
}

}  // namespace cell_test
