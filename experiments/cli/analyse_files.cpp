#include <fmt/format.h>

#include "experiments/cli/analyse.h"
#include "experiments/cli/command_line.h"
#include "experiments/report/figures.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace {

nn::Json numbers_json(const lora::VectorXd& x) {
  nn::Json values = nn::Json::array();
  for (const double value : x) values.push_back(nn::number_json(value));
  return values;
}

nn::Json grid_json(const lora::MatrixXd& grid) {
  nn::Json rows = nn::Json::array();
  for (lora::Index i = 0; i < grid.rows(); ++i)
    rows.push_back(numbers_json(grid.row(i).transpose()));
  return rows;
}

nn::Json table7_json(const MatrixReading& matrix) {
  const lora::Amplification& a = matrix.seen;
  return {{"w_norm", nn::number_json(a.w_norm)},
          {"delta_norm", nn::number_json(a.delta_norm)},
          {"in_delta", nn::number_json(a.in_delta)},
          {"in_w", nn::number_json(a.in_w)},
          {"expected_random", nn::number_json(a.expected_random)},
          {"inputs_kept", nn::number_json(a.half_random.inputs_kept)},
          {"outputs_kept", nn::number_json(a.half_random.outputs_kept)},
          {"in_noise", nn::number_json(matrix.noise.in_delta)},
          {"log_position", nn::number_json(a.log_position())},
          {"factor", nn::number_json(a.factor())},
          {"factor_by_chance", nn::number_json(a.delta_norm / a.expected_random)}};
}

nn::Json matrix_json_of(const MatrixReading& matrix) {
  return {{"name", matrix.name},
          {"terms", matrix.change.sigma.size()},
          {"spectrum", numbers_json(matrix.change.sigma)},
          {"spectrum_whitened", numbers_json(matrix.weighted)},
          {"inputs", numbers_json(matrix.inputs)},
          {"stable_rank", nn::number_json(lora::stable_rank(matrix.change.sigma))},
          {"effective_rank", nn::number_json(lora::effective_rank(matrix.change.sigma))},
          {"estimated_rank", matrix.estimated.rank ? nn::Json(*matrix.estimated.rank) : nn::Json()},
          {"why_no_rank", matrix.estimated.rank ? nn::Json() : nn::Json(matrix.estimated.why_none)},
          {"table7", table7_json(matrix)}};
}

nn::Json reading_json(const AdapterReading& reading) {
  nn::Json matrices = nn::Json::array();
  for (const MatrixReading& matrix : reading.matrices) matrices.push_back(matrix_json_of(matrix));
  nn::Json object{{"adapter", reading.adapter}, {"labels", reading.labels}};
  if (reading.own) {
    object["own_nll"] = nn::number_json(reading.own->nll);
    object["blind_nll"] = nn::number_json(reading.own->blind);
  }
  if (reading.score) {
    object["metric"] = reading.score->metric;
    object["value"] = nn::number_json(reading.score->value);
  }
  object["matrices"] = matrices;
  return object;
}

nn::Json shared_json(const std::vector<SharedDirections>& shared) {
  nn::Json all = nn::Json::array();
  for (const SharedDirections& s : shared) {
    const lora::Index i = s.phi.rows(), j = s.phi.cols();
    all.push_back({{"matrix", s.matrix},
                   {"side", s.inputs ? "inputs" : "outputs"},
                   {"phi", grid_json(s.phi)},
                   {"chance", nn::number_json(lora::chance_similarity(i, j, s.d))},
                   {"largest_cosine_squared", nn::number_json(s.largest_cosine)},
                   {"largest_cosine_squared_chance", nn::number_json(s.chance.mean)},
                   {"noise", nn::number_json(s.noise)}});
  }
  return all;
}

std::vector<const AdapterReading*> readings(const Analysis& analysis) {
  std::vector<const AdapterReading*> all{&analysis.adapter};
  if (analysis.shuffled) all.push_back(&*analysis.shuffled);
  return all;
}

// What the figure calls them.
const char* role_of(const Analysis& analysis, const AdapterReading* reading) {
  return reading == &analysis.adapter ? "adapter" : "shuffled";
}

}  // namespace

nn::Json analysis_json(const Analysis& analysis) {
  nn::Json object{{analysis.choice ? "task" : "inputs", analysis.data}};
  if (analysis.choice && analysis.choice->task.has_facts)
    object["facts"] = analysis.choice->options.facts;
  object["base"] = analysis.base;
  object["analysed"] = reading_json(analysis.adapter);
  if (analysis.shuffled) {
    object["shuffled"] = reading_json(*analysis.shuffled);
    object["shared_with_shuffled"] = shared_json(analysis.shared_of_shuffled);
  }
  if (analysis.against) {
    object["against"] = reading_json(*analysis.against);
    object["shared"] = shared_json(analysis.shared);
  }
  return object;
}

Csv spectrum_csv(const Analysis& analysis) {
  Csv csv({"role", "adapter", "labels", "matrix", "i", "sigma", "share", "whitened",
           "whitened_over_first"});
  for (const AdapterReading* reading : readings(analysis))
    for (const MatrixReading& m : reading->matrices)
      for (lora::Index i = 0; i < m.change.sigma.size(); ++i)
        csv.row(role_of(analysis, reading), reading->adapter, reading->labels, m.name, i + 1,
                m.change.sigma(i),
                m.change.sigma(i) * m.change.sigma(i) / m.change.sigma.squaredNorm(), m.weighted(i),
                m.weighted(i) / m.weighted(0));
  return csv;
}

Csv levels_csv(const Analysis& analysis) {
  Csv csv({"role", "adapter", "matrix", "level", "value"});
  for (const AdapterReading* reading : readings(analysis))
    for (const MatrixReading& m : reading->matrices) {
      const auto add = [&](const char* level, double value) {
        csv.row(role_of(analysis, reading), reading->adapter, m.name, level, value);
      };
      add("random", m.seen.expected_random);
      add("inputs_kept", m.seen.half_random.inputs_kept);
      add("outputs_kept", m.seen.half_random.outputs_kept);
      add("noise", m.noise.in_delta);
      add("change", m.seen.in_delta);
      add("w", m.seen.in_w);
    }
  return csv;
}

/// Written by the build from experiments/cli/analyse.gp (cmake/embed_text.cmake).
std::string_view analyse_script();

std::vector<std::filesystem::path> analysis_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const char* name : {"analyse.md", "analyse.csv", "analyse.levels.csv", "analyse.json",
                           "analyse.gp", "analyse.svg"})
    files.push_back(folder / name);
  return files;
}

std::string write_analysis(const Analysis& analysis, const std::filesystem::path& folder) {
  nn::create_folders(folder);
  const Report report = analysis_report(analysis);
  nn::write_file_atomically(folder / "analyse.md", report_markdown(report));
  nn::write_file_atomically(folder / "analyse.csv", spectrum_csv(analysis).text());
  nn::write_file_atomically(folder / "analyse.levels.csv", levels_csv(analysis).text());
  nn::write_file_atomically(folder / "analyse.json", json_line(analysis_json(analysis)));
  return draw_beside("analyse", std::string(analyse_script()), folder);
}

}  // namespace experiments::cli
