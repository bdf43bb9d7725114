#include "experiments/beyond/recurrent.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lora/inject.h"
#include "tests/experiments/paper/synthetic_scores.h"

namespace recurrent_test {

using namespace experiments::beyond;

namespace {

// Where the directions of ΔW lie, of every part.
struct Directions {
  double phi_first = 0.8, over_noise = 4, below_own = 8;
};

Settings settings(Preset preset) {
  return settings_for(recurrent::experiment(), settings_of(preset));
}

std::string set_of(const Cell& cell) { return experiments::training::weight_set(cell.targets); }

std::vector<CellResult> scored(const fake::ScoreOf& truth, double noise = 0.5,
                               double answers = 0.95, const Directions& found = {}) {
  autograd::Random random(5, "recurrent-test");
  std::vector<CellResult> results;
  for (const Cell& cell : recurrent::experiment().cells(settings(Preset::full))) {
    CellResult result = fake::result(cell);
    result.value = (truth(cell) + noise * random.normal()) / 100;
    if (cell.method == "frozen") result.more["answers"] = answers;
    if (set_of(cell) == "ih,hh" && cell.rank == 16)
      for (const char* weight : {"weight_ih_l0", "weight_hh_l0"})
        for (const std::string part : {"all", "n"}) {
          const auto set = [&](const char* what, double value) {
            result.more[std::string(what) + "." + weight + "." + part] =
                value * std::exp2(0.05 * random.normal());
          };
          // A gate is told and not tested: what it shows must not count.
          set("phi_first", part == "all" ? found.phi_first : 0);
          set("in_delta", 1), set("noise", 1 / found.over_noise), set("in_w", found.below_own);
        }
    results.push_back(result);
  }
  return results;
}

// LoRA is as good as full fine-tuning, at every rank and on every weight.
double as_good(const Cell& cell) { return cell.method == "frozen" ? 5 : 90; }

std::string outcome(const fake::ScoreOf& truth, double noise = 0.5, double answers = 0.95) {
  return fake::letters(recurrent::finding(scored(truth, noise, answers)));
}

std::string directions(const Directions& found) {
  return fake::letters(recurrent::directions_finding(scored(as_good, 0.5, 0.95, found)));
}

std::string six_times(const std::string& letters) {
  std::string text;
  for (int i = 0; i < 6; ++i) text += letters;  // two architectures, three tasks
  return text;
}

}  // namespace

TEST_CASE("the grid: both architectures, three weight sets, and nothing of seeds 2 and 3") {
  for (const Preset preset : {Preset::smoke, Preset::quick, Preset::full})
    for (const Cell& cell : recurrent::experiment().cells(settings(preset))) {
      experiments::training::check_cell(cell);
      CHECK(is_recurrent(cell));
      CHECK((cell.lr > 0) == (cell.method != "frozen"));
      if (preset != Preset::smoke) CHECK(cell.base_seed >= 11);
    }
  const Finding asked = recurrent::finding(scored(as_good));
  REQUIRE(asked.parts.size() == 24);
  CHECK(asked.parts[0].task == "lstm, sqlgen, K = 20");
  CHECK(asked.parts[23].task == "gru, reorder");
  // quick has every row that the rule names.
  std::vector<CellResult> quick;
  for (const Cell& cell : recurrent::experiment().cells(settings(Preset::quick))) {
    quick.push_back(fake::result(cell));
    quick.back().value = cell.method == "frozen" ? 0 : 0.9;
    if (cell.method == "frozen") quick.back().more["answers"] = 1;
  }
  for (const Finding::Part& part : recurrent::finding(quick).parts)
    CHECK(part.contrast.missing.empty());
}

TEST_CASE("the rule of the scores where the truth is known") {
  CHECK(outcome(as_good) == six_times("hhhh"));
  // Nothing is learned but by full fine-tuning.
  CHECK(outcome([](const Cell& cell) { return cell.method == "full" ? 90.0 : 5.0; }) ==
        six_times("dhhh"));
  // Rank one falls short, and more where the weights are one.
  CHECK(outcome([](const Cell& cell) { return cell.rank == 1 ? 70.0 : as_good(cell); }) ==
        six_times("hdhh"));
  CHECK(outcome([](const Cell& cell) { return set_of(cell) == "ih" ? 99.0 : as_good(cell); }) ==
        six_times("hhdh"));
  CHECK(outcome([](const Cell& cell) { return set_of(cell) == "hh" ? 99.0 : as_good(cell); }) ==
        six_times("hhhd"));
  // A truth on the threshold is decided in neither direction.
  CHECK(outcome([](const Cell& cell) { return cell.method == "full" ? 93.0 : as_good(cell); }, 2)
            .find_first_not_of("oh") == std::string::npos);
  const std::string at_threshold =
      outcome([](const Cell& cell) { return cell.method == "full" ? 93.0 : as_good(cell); }, 2);
  for (std::size_t i = 0; i < at_threshold.size(); i += 4) CHECK(at_threshold[i] == 'o');
  CHECK(outcome(as_good, 200) == six_times("oooo"));
}

TEST_CASE("of what a base does not know nothing is asked") {
  const Finding found = recurrent::finding(scored(as_good, 0.5, 0.7));
  for (const Finding::Part& part : found.parts)
    CHECK(part.contrast.missing == "a base that knows the task: that of seed 11 answers 70 %");
  CHECK(outcome(as_good, 0.5, 0.7) == six_times("oooo"));
}

TEST_CASE("where no row learns the task, equal rows say nothing") {
  const auto at = [](double score) {
    return [score](const Cell& cell) { return cell.method == "frozen" ? 5.0 : score; };
  };
  CHECK(outcome(at(22)) == six_times("oooo"));
  CHECK(outcome(at(28)) == six_times("hhhh"));
  CHECK(outcome([](const Cell& cell) { return set_of(cell) == "hh" ? 30.0 : 10.0; })[0] == 'h');
  for (const Finding::Part& part : recurrent::finding(scored(at(22))).parts)
    CHECK(part.contrast.missing ==
          "a row that learns the task: none is 20 points above the frozen base");
}

TEST_CASE("the rule of the directions where they are known") {
  CHECK(directions({}) == six_times("hhh"));
  CHECK(directions({.phi_first = 0.2}) == six_times("dhh"));
  CHECK(directions({.over_noise = 0.5}) == six_times("hdh"));
  CHECK(directions({.below_own = 1.2}) == six_times("hhd"));
  CHECK(directions({.over_noise = 1}).find('d') == std::string::npos);  // noise is the null
}

TEST_CASE("a look at a trained model: whole weights, gates, and what an untouched gate shows") {
  experiments::harness::Progress progress;
  const TemporaryFolder folder;
  Settings run = settings(Preset::smoke);
  run.out = folder.path();
  experiments::harness::Lab lab(run, progress);
  Cell cell;
  for (const Cell& each : recurrent::experiment().cells(run))
    if (each.architecture == "gru" && each.task == "nli" && each.rank == 8 &&
        set_of(each) == "ih,hh")
      cell = each;
  cell.steps = 2, cell.base = "random";
  lab.bases.prepare(cell);
  const auto trained = experiments::training::prepare(lab.bases.of(cell), cell);
  const nn::Index H = cell.width;
  for (const auto& [name, layer] : lora::lora_layers(*trained)) {
    layer->B.set(nn::Random(1, name).normal(layer->B.value.shape, 0.1));
    layer->B.value.m.middleRows(H, H) *= 1e-3F;  // the gate z hardly changes
  }
  CellResult result;
  result.cell = cell;
  recurrent::look(lab, *trained, result);
  for (const char* weight : {"weight_ih_l0", "weight_hh_l0"}) {
    const auto at = [&](const std::string& what, const std::string& part) {
      return result.more.at(what + "." + weight + "." + part);
    };
    double of_gates = 0;
    for (const std::string& gate : recurrent::gates_of("gru"))
      of_gates += std::pow(at("in_w", gate), 2);
    CHECK(of_gates >= std::pow(at("in_w", "all"), 2));  // each has directions of its own
    CHECK(at("size", "z") < 0.01 * at("size", "r"));
    CHECK(at("size", "all") > 0.5 * at("size", "n"));
    for (const char* part : {"all", "r", "z", "n"}) {
      CHECK(at("in_delta", part) < at("in_w", part));
      CHECK(at("noise", part) > 0);
      CHECK(std::abs(at("phi_first", part)) < 0.5);  // against an adapter of two steps
      CHECK(at("cosine", part) <= 1);
    }
  }
  // Any other cell is not looked at.
  result.more.clear(), result.cell.rank = 4;
  recurrent::look(lab, *trained, result);
  CHECK(result.more.empty());
}

}  // namespace recurrent_test
