#include "experiments/cli/analyse.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "experiments/cli/train_run.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "tests/nn/temporary_folder.h"

namespace analyse_test {

using namespace experiments::cli;
using doctest::Approx;

namespace {

/// Adapters on an untrained base, in a folder of their own.
struct Trained {
  TemporaryFolder folder;
  Base base = ensure_base(base_config(7, 1), folder / "base");

  SourcedModel adapter(const std::string& name, const std::string& method = "lora",
                       std::uint64_t seed = 1, int rank = 3, const std::string& labels = "true") {
    TrainRun run;
    Cell& cell = run.cell;
    cell.task = "nli", cell.method = method;
    cell.seed = seed, cell.lr = 1e-2, cell.steps = 20, cell.examples = 40, cell.labels = labels;
    if (method == "lora") {
      cell.targets = {"q", "v"}, cell.rank = rank, cell.alpha = 8, cell.scaling = "alpha/r";
      run.lora = lora_config(cell);
    }
    run.base = base_config(7, 1);
    train_and_save(base, run, folder / name);
    return load_model(
        {.adapter = folder / name, .checkpoint = {}, .results = folder.path(), .base = {}});
  }
  Moments moments() const {
    const auto plain = copy_of(*base.model);
    return moments_of(*plain, TaskChoice{}.task, TaskChoice{}.options);
  }
};

const MatrixReading& matrix_of(const AdapterReading& reading, const std::string& name) {
  return *std::ranges::find(reading.matrices, name, &MatrixReading::name);
}

}  // namespace

TEST_CASE("an adapter's readings are those of its ΔW, and of the inputs of the base") {
  Trained trained;
  const SourcedModel sourced = trained.adapter("a");
  const Moments moments = trained.moments();
  const AdapterReading reading = read_adapter(sourced, TaskChoice{}, moments);
  REQUIRE(reading.matrices.size() == 4);
  for (const auto& [name, layer] : lora::lora_layers(*sourced.model)) {
    CAPTURE(name);
    const MatrixReading& matrix = matrix_of(reading, name);
    const lora::MatrixXd change = layer->delta(), root = lora::square_root(moments.inputs.at(name));
    CHECK(matrix.change.sigma.isApprox(lora::svd(change).sigma.head(3), 1e-5));
    CHECK(matrix.weighted.isApprox(lora::svd(lora::product(change, root)).sigma.head(3), 1e-5));
    CHECK(matrix.seen.delta_norm == Approx(change.norm()).epsilon(1e-5));
    CHECK(matrix.seen.r == 3);
    CHECK(matrix.inputs.sum() == Approx(moments.inputs.at(name).trace()));
  }
  REQUIRE(reading.own);
  CHECK(reading.own->blind == Approx(1.08).epsilon(0.05));
  CHECK(reading.labels == "true");
  CHECK(reading.score->examples == 1500);
}

TEST_CASE("an adapter shares everything with itself, and with another less") {
  Trained trained;
  const Moments moments = trained.moments();
  const AdapterReading a = read_adapter(trained.adapter("a"), TaskChoice{}, moments);
  const AdapterReading b = read_adapter(trained.adapter("b", "lora", 2, 5), TaskChoice{}, moments);
  const auto with_itself = shared_directions(a, a), with_other = shared_directions(a, b);
  REQUIRE(with_itself.size() == 8);  // two sides of four matrices
  for (const SharedDirections& s : with_itself) {
    CHECK(s.phi(0, 0) == Approx(1));
    CHECK(s.phi(2, 2) == Approx(1));
    CHECK(s.largest_cosine == Approx(1));
  }
  for (const SharedDirections& s : with_other) {
    CHECK(s.phi.rows() == 3);
    CHECK(s.phi.cols() == 5);
    CHECK(s.phi(2, 4) < 1);
    CHECK(s.chance.mean < 1);
  }
  AdapterReading none = b;
  for (MatrixReading& matrix : none.matrices) matrix.name += ".other";
  CHECK_THROWS_WITH(shared_directions(a, none), doctest::Contains("adapt no matrix in common"));
}

TEST_CASE("even noise stands at the level of random directions, uneven noise above it") {
  autograd::Random random(1, "W");
  const lora::MatrixXd even = lora::MatrixXd::Identity(48, 48);
  lora::VectorXd falling(48);
  for (lora::Index i = 0; i < 48; ++i) falling(i) = 1 / static_cast<double>(i + 1);
  const lora::MatrixXd C = falling.asDiagonal();
  const lora::MatrixXd N = lora::gaussian(48, 48, random);
  // W, too, was made by these inputs.
  const lora::MatrixXd W = lora::product(N, lora::square_root(C));
  const auto over_random = [&](const lora::MatrixXd& inputs) {
    const NoiseReading noise =
        noise_reading(W, noise_draws(inputs, even, autograd::Random(2, "noise"), 61), 4);
    return noise.in_delta / lora::expected_random_norm(W, 4);
  };
  CHECK(over_random(even) == Approx(1).epsilon(0.1));
  CHECK(over_random(C) > 1.5);
  const NoiseReading shared =
      noise_reading(W, noise_draws(C, even, autograd::Random(3, "noise")), 8);
  CHECK(shared.similarity_right(7, 7) > 0.4);  // 8 of 48 directions by chance share 0.17
  CHECK(shared.similarity_left(7, 7) == Approx(8.0 / 48).epsilon(0.2));
}

TEST_CASE("what has no ΔW to read is refused by name") {
  Trained trained;
  const Moments moments = trained.moments();
  CHECK_THROWS_WITH(read_adapter(trained.adapter("bits", "bitfit"), TaskChoice{}, moments),
                    doctest::Contains("was trained by bitfit, which has no ΔW"));
  const SourcedModel zero = trained.adapter("zero");
  lora::lora_layers(*zero.model).front().second->B.value.m.setZero();
  CHECK_THROWS_WITH(read_adapter(zero, TaskChoice{}, moments),
                    doctest::Contains("ΔW of blocks.0.attn.q is zero"));
  const SourcedModel diverged = trained.adapter("diverged");
  lora::lora_layers(*diverged.model).front().second->B.value.m(0, 0) = NAN;
  CHECK_THROWS_WITH(read_adapter(diverged, TaskChoice{}, moments),
                    doctest::Contains("is not finite"));
}

TEST_CASE("the page, the numbers and the caveats of an adapter beside its twin") {
  Trained trained;
  const Moments moments = trained.moments();
  Analysis analysis;
  analysis.choice = TaskChoice{};
  analysis.data = "nli";
  analysis.base = "base";
  analysis.adapter = read_adapter(trained.adapter("a"), *analysis.choice, moments);
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(report_text(analysis_report(analysis)), "There is no --shuffled"));
  analysis.shuffled =
      read_adapter(trained.adapter("c", "lora", 1, 3, "permuted"), *analysis.choice, moments);
  analysis.shared_of_shuffled = shared_directions(analysis.adapter, *analysis.shuffled);
  CHECK(analysis.shuffled->labels == "permuted");
  const std::string page = report_markdown(analysis_report(analysis));
  CHECK(has(page, "blocks.1.attn.v"));
  CHECK(has(page, "| shuffled |"));
  CHECK_FALSE(has(page, "There is no --shuffled"));
  const auto last_note = [&] { return analysis_report(analysis).notes.back(); };
  analysis.adapter.own->nll = 0.1, analysis.shuffled->own->nll = 0.15;
  CHECK_FALSE(has(last_note(), "has not fallen as far"));
  analysis.shuffled->own->nll = 0.5;
  CHECK(has(last_note(), "has not fallen as far"));
  analysis.shuffled->labels = "true";
  CHECK(has(last_note(), "does not say that its labels were permuted"));

  const nn::Json json = nn::parse_json(nn::text_of(analysis_json(analysis)));
  CHECK(json["analysed"]["matrices"].size() == 4);
  CHECK(json["analysed"]["matrices"][0]["spectrum"].size() == 3);
  CHECK(json["shared_with_shuffled"].size() == 8);
  CHECK_FALSE(json.contains("against"));
  CHECK(spectrum_csv(analysis).rows().size() == 2 * 4 * 3);
  CHECK(levels_csv(analysis).rows().size() == 2 * 4 * 6);
  const std::string problem = write_analysis(analysis, trained.folder / "out");
  CAPTURE(problem);
  for (const char* name : {"analyse.md", "analyse.csv", "analyse.levels.csv", "analyse.json"})
    CHECK(std::filesystem::exists(trained.folder / "out" / name));
  CHECK((problem.starts_with("gnuplot is not here") ||
         std::filesystem::exists(trained.folder / "out" / "analyse.svg")));
}

}  // namespace analyse_test
