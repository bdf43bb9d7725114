#include "nn/models/decode.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "nn/files/file.h"
#include "nn/files/json.h"
#include "tests/nn/references.h"
#include "tests/nn/temporary_folder.h"

// What decode() writes against what transformers writes, and a model's past against none.
namespace decode_test {

namespace fs = std::filesystem;
using Ids = std::vector<int>;

namespace {

const fs::path here = fs::path(LOWRANK_SOURCE_DIR) / "tests" / "data" / "models";

nn::Decoded decoded(nn::Pretrained& model, const Ids& prompt, const nn::DecodeOptions& options) {
  nn::Random random(1, "decode_test");
  return nn::decode(model, prompt, options, random);
}

struct Line {
  Ids prompt, ids;
  nn::DecodeOptions options;
  double score = 0;
};

std::vector<Line> lines_of(const fs::path& folder) {
  std::vector<Line> lines;
  for (const nn::Json& json : nn::parse_json(nn::read_file(folder / "generated.json"))) {
    Line line{json["prompt"], json["ids"], {}, json.value("score", 0.0)};
    line.options.stops = json["stops"].get<Ids>();
    line.options.beams = json["beams"];
    line.options.length_penalty = json["length_penalty"];
    line.options.max_tokens = json["max_tokens"];
    line.options.no_repeat_ngram = json.value("no_repeat_ngram", 0);
    lines.push_back(std::move(line));
  }
  return lines;
}

// How many of the lines are other than transformers', with options that `change` has made wrong.
int differ(const std::string& name, const std::function<void(nn::DecodeOptions&)>& change) {
  const auto model = nn::ModelFolder(here / name).load();
  int different = 0;
  for (Line& line : lines_of(here / name)) {
    change(line.options);
    const nn::Decoded ours = decoded(*model, line.prompt, line.options);
    const bool same_score =
        line.options.beams == 1 || std::abs(ours.score - line.score) < 1e-5 * std::abs(line.score);
    different += ours.ids != line.ids || !same_score;
  }
  return different;
}

std::unique_ptr<nn::Pretrained> wide(const char* config) {
  const TemporaryFolder folder;
  nn::write_file_atomically(folder / "config.json", config);
  return nn::ModelFolder(folder.path()).random(1);
}
const char* const gpt2 = R"({"model_type":"gpt2","architectures":["GPT2LMHeadModel"],
  "vocab_size":50,"n_positions":32,"n_embd":64,"n_layer":2,"n_head":4})";

}  // namespace

TEST_CASE("greedy continuations and those of beams are those of transformers") {
  for (const char* name : {"gpt2", "llama"}) {
    const auto lines = lines_of(here / name);
    CHECK(differ(name, [](nn::DecodeOptions&) {}) == 0);
    CHECK(differ(name, [](nn::DecodeOptions& o) { o.reuse = false; }) == 0);
    std::set<int> beams;
    int ended = 0;  // before the last token
    for (const Line& line : lines) {
      beams.insert(line.options.beams);
      ended += static_cast<int>(line.ids.size()) < line.options.max_tokens;
    }
    MESSAGE(fmt::format("{}: {} lines, {} of which end early", name, lines.size(), ended));
    CHECK(beams == std::set<int>{1, 2, 3, 4, 5, 6});
    CHECK(ended > 10);
  }
}

TEST_CASE("control: another penalty, other beams or no end are seen") {
  CHECK(differ("llama", [](nn::DecodeOptions& o) { o.length_penalty += 0.5; }) > 10);
  CHECK(differ("llama", [](nn::DecodeOptions& o) { o.beams = o.beams > 1 ? o.beams - 1 : 1; }) > 2);
  CHECK(differ("llama", [](nn::DecodeOptions& o) { o.stops.clear(); }) > 10);
  CHECK(differ("llama", [](nn::DecodeOptions& o) { o.no_repeat_ngram = 0; }) > 5);
}

TEST_CASE("a past saves products and changes no bit") {
  const auto model = wide(gpt2);
  const Ids prompt{3, 1, 4, 1, 5};
  for (const int beams : {1, 4}) {
    nn::DecodeOptions options{.max_tokens = 20, .beams = beams};
    const nn::Decoded with = decoded(*model, prompt, options);
    options.reuse = false;
    const nn::Decoded without = decoded(*model, prompt, options);
    CHECK(with.ids == without.ids);
    CHECK(with.score == without.score);
    CHECK(with.passes == 20);
    CHECK(without.passes == 20);
    // 5 prompt tokens, then one at a time behind 5 .. 23; without a past all 5 .. 24 each time.
    nn::Index one_by_one = 25, all = 25;
    for (nn::Index t = 6; t <= 24; ++t) one_by_one += beams * t, all += beams * t * t;
    CHECK(with.products == one_by_one);
    CHECK(without.products == all);
  }
}

TEST_CASE("draws follow the seed, and among one token there is no choice") {
  const auto model = wide(gpt2);
  nn::DecodeOptions options{.max_tokens = 12, .temperature = 2};
  const Ids prompt{7, 8};
  nn::Random a(1, "x"), b(1, "x"), c(2, "x");
  const Ids first = nn::decode(*model, prompt, options, a).ids;
  CHECK(first == nn::decode(*model, prompt, options, b).ids);
  CHECK(first != nn::decode(*model, prompt, options, c).ids);
  options.top_k = 1;
  CHECK(decoded(*model, prompt, options).ids == decoded(*model, prompt, {.max_tokens = 12}).ids);
}

TEST_CASE("what cannot be continued is refused") {
  const auto model = wide(gpt2);
  const auto refuses = [&](const Ids& prompt, nn::DecodeOptions options, const char* what) {
    CHECK_THROWS_WITH_AS(decoded(*model, prompt, options), doctest::Contains(what),
                         std::invalid_argument);
  };
  refuses({}, {}, "the prompt is empty");
  refuses(Ids(32, 1), {}, "leaves no room in the model's 32 positions");
  refuses({1, 50}, {}, "the id 50 at position 1 is not in 0..49");
  refuses({1}, {.beams = 0}, "0 beams, where 1 to 50");
  refuses({1}, {.temperature = 1, .beams = 2}, "no temperature");
  refuses({1}, {.top_k = 51}, "the 51 most likely of 50 words");
  CHECK(decoded(*model, Ids(30, 1), {}).ids.size() == 2);  // where the positions end
  const auto classifier = nn::ModelFolder(here / "bert").load();
  CHECK_THROWS_WITH_AS(decoded(*classifier, {1}, {}),
                       doctest::Contains("this model is a sequence classifier"),
                       std::invalid_argument);
}

TEST_CASE("continuations of other checkpoints") {
  const auto root = references::elsewhere();
  if (!root) return;
  for (const char* name : {"gpt2", "llama", "llama3"}) {
    const fs::path file = *root / name / "golden" / "generated.json";
    if (!fs::exists(file)) continue;
    const nn::Json json = nn::parse_json_object(nn::read_file(file));
    const auto model = nn::ModelFolder(*root / name).load();
    const Ids prompt = json["prompt"];
    for (const auto& [member, options] :
         {std::pair<const char*, nn::DecodeOptions>{"greedy", {.max_tokens = 12}},
          {"beam4_length_penalty_0.8", {.max_tokens = 8, .beams = 4, .length_penalty = 0.8}}}) {
      Ids whole = prompt;
      const Ids ids = decoded(*model, prompt, options).ids;
      whole.insert(whole.end(), ids.begin(), ids.end());
      CHECK_MESSAGE(whole == json[member].get<Ids>(), fmt::format("{} {}", name, member));
    }
  }
}

}  // namespace decode_test
