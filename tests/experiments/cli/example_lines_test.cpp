#include "experiments/cli/example_lines.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "data/describe.h"
#include "data/vocabulary.h"
#include "experiments/cli/train_run.h"
#include "nn/files/checkpoint.h"
#include "tests/nn/temporary_folder.h"

namespace example_lines_test {

using namespace experiments::cli;
using data::Split;
using nlohmann::json;

namespace {

constexpr data::TaskOptions options{.facts = 20};

std::vector<json> parsed(const std::string& lines) {
  std::vector<json> list;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) list.push_back(json::parse(line));
  return list;
}

/// The examples of a file, made of what its lines say alone.
std::vector<data::Example> read_back(const std::string& lines) {
  std::vector<data::Example> examples;
  for (const json& line : parsed(lines)) {
    data::Example& e = examples.emplace_back();
    for (const json& word : line.at("words"))
      e.tokens.push_back(data::vocabulary().id(word.get<std::string>()));
    e.first_target = line.at("answer_span")[0].get<int>();
    e.target_count = line.at("answer_span")[1].get<int>() - e.first_target;
    e.meaning = std::stoull(line.at("meaning_id").get<std::string>(), nullptr, 16);
  }
  return examples;
}

bool same(const std::vector<data::Example>& a, const std::vector<data::Example>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.tokens == y.tokens && x.first_target == y.first_target &&
           x.target_count == y.target_count && x.meaning == y.meaning;
  });
}

Base random_base() {
  const BaseConfig config = base_config(2, 0);
  return {config, std::make_shared<nn::Decoder>(config.model, config.seed)};
}

/// A short run of `lowrank train`.
TrainRun short_run(const data::Task& task, const BaseConfig& base) {
  TrainRun run;
  run.cell = {.task = std::string(task.name),
              .method = "lora",
              .targets = {"q", "v"},
              .rank = 4,
              .alpha = 8,
              .scaling = "alpha/r",
              .seed = 3,
              .facts = task.has_facts ? options.facts : 0,
              .lr = 1e-2,
              .steps = 4,
              .examples = 70};
  run.lora = lora_config(run.cell);
  run.base = base;
  return run;
}

}  // namespace

TEST_CASE("the lines of a split are what eval scores, and what is validated on") {
  for (const data::Task& task : data::all_tasks()) {
    CAPTURE(std::string(task.name));
    const std::string test = example_lines(example_set(task, options, Split::test));
    CHECK(same(read_back(test), data::test_set(task, options)));
    CHECK(same(read_back(example_lines(example_set(task, options, Split::test, 5))),
               data::test_set(task, options, 5)));
    const std::string validation = example_lines(example_set(task, options, Split::validation, 3));
    CHECK(same(read_back(validation), data::validation_set(task, options, 3)));
    CHECK(same(read_back(example_lines(example_set(task, options, Split::train, 3))),
               data::training_set(task, options, 3)));
    // Controls: another seed, other facts.
    CHECK(!same(read_back(validation), data::validation_set(task, options, 1)));
    CHECK(same(read_back(test), data::test_set(task, {.facts = 4})) == !task.has_facts);
  }
}

TEST_CASE("training on the lines of a file is the training that train and a sweep do") {
  const Base base = random_base();
  for (const data::Task& task : data::all_tasks()) {
    CAPTURE(std::string(task.name));
    const TrainRun run = short_run(task, base.config);
    const auto trained_on = [&](std::uint64_t seed) {
      const auto set = example_set(task, options, Split::train, seed, run.cell.examples);
      auto model = copy_of(decoder_of(base));
      lora::inject(*model, run.lora, run.cell.seed);
      train(*model, run.cell, read_back(example_lines(set)));
      return model;
    };
    const auto from_file = trained_on(run.cell.seed);
    const TemporaryFolder folder;
    const TrainResult result = train_and_save(base, run, folder / "adapter");
    CHECK(nn::fingerprint(*from_file) == nn::fingerprint(*result.model));
    CHECK(nn::fingerprint(*trained_on(4)) != nn::fingerprint(*result.model));  // control

    const auto held_out = example_set(task, options, Split::validation, run.cell.seed);
    CHECK(score_task(*from_file, read_back(example_lines(held_out))).nll ==
          result.losses.back().validation->nll);
    run_cell(base, run.cell, ScoreOn::test, never, [&](nn::Model& model, CellResult&) {
      CHECK(nn::fingerprint(model) == nn::fingerprint(*from_file));
    });
  }
}

TEST_CASE("every line has its name, where its answer is, and what it means") {
  for (const data::Task& task : data::all_tasks())
    for (const Split split : data::all_splits) {
      const ExampleSet set = example_set(task, options, split, 3, 50);
      std::set<std::string> ids;
      std::size_t i = 0;
      for (const json& line : parsed(example_lines(set))) {
        const data::Example& example = set.examples[i];
        const std::string facts = task.has_facts ? "-20" : "";
        const std::uint64_t seed = 3;
        CHECK(line.at("id") ==
              fmt::format("{}{}/{}/{}/{}", task.name, facts, data::to_string(split), seed, i));
        ids.insert(line.at("id"));
        CHECK(line.at("task") == task.name);
        CHECK(line.contains("facts") == task.has_facts);
        CHECK(line.at("split") == data::to_string(split));
        CHECK(line.at("seed") == seed);
        CHECK(line.at("meaning") == data::explain(task, options, example));
        std::string answer;
        const auto span = line.at("answer_span").get<std::vector<std::size_t>>();
        for (std::size_t t = span[0]; t < span[1]; ++t)
          answer += (answer.empty() ? "" : " ") + line.at("words")[t].get<std::string>();
        CHECK(answer == data::vocabulary().text(example.answer()));
        ++i;
      }
      CHECK(ids.size() == set.examples.size());
    }
  const std::string sqlgen = example_lines(example_set(data::tasks::sqlgen, options, Split::test));
  CHECK(sqlgen.find(" (before: c") != std::string::npos);  // meanings that changed
  CHECK(sqlgen.find("\"facts\":20,") != std::string::npos);
  CHECK(example_id(example_set(data::tasks::sqlgen, {.facts = 4}, Split::test), 7) ==
        "sqlgen-4/test/0/7");
}

TEST_CASE("the page about the data shows the first test example of nli") {
  const std::string page = nn::read_file(LOWRANK_SOURCE_DIR "/docs/tour/data.md");
  const std::string fence = "```json\n";
  const std::size_t begin = page.find(fence);
  REQUIRE(begin != std::string::npos);
  const std::string block =
      page.substr(begin + fence.size(), page.find("```", begin + 1) - begin - fence.size());
  const auto lines = parsed(example_lines(example_set(data::tasks::nli, options, Split::test)));
  CHECK(json::parse(block) == lines[0]);
  CHECK(json::parse(block) != lines[1]);
}

TEST_CASE("predictions have the names and words of the examples, and add up to the score") {
  const Base base = random_base();
  for (const data::Task& task : data::all_tasks()) {
    CAPTURE(std::string(task.name));
    const ExampleSet set = example_set(task, options, Split::test);
    std::vector<Answer> answers;
    const TaskScore score = score_task(*copy_of(*base.model), set.examples,
                                       [&](const Answer& answer) { answers.push_back(answer); });
    const auto said = parsed(prediction_lines(set, answers));
    const auto asked = parsed(example_lines(set));
    REQUIRE(said.size() == asked.size());
    double right = 0, nll = 0;
    for (std::size_t i = 0; i < said.size(); ++i) {
      CHECK(said[i].at("id") == asked[i].at("id"));
      CHECK(said[i].at("words") == asked[i].at("words"));
      const auto span = asked[i].at("answer_span").get<std::vector<std::size_t>>();
      const json& words = asked[i].at("words");
      CHECK(said[i].at("expected") ==
            json(std::vector<json>(words.begin() + static_cast<long>(span[0]),
                                   words.begin() + static_cast<long>(span[1]))));
      CHECK(said[i].at("answer").size() == span[1] - span[0]);
      CHECK(said[i].at("right") == (said[i].at("answer") == said[i].at("expected")));
      right += said[i].at("right").get<bool>();
      nll += said[i].at("nll").get<double>();
    }
    const auto n = static_cast<double>(said.size());
    CHECK(right / n == score.value);
    CHECK(std::abs(nll / n - score.nll) < 1e-9);
  }
}

}  // namespace example_lines_test
