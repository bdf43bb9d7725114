#pragma once

#include <nlohmann/json_fwd.hpp>

#include "experiments/beyond/rank_estimate.h"
#include "experiments/cli/model_source.h"
#include "experiments/evidence/report.h"
#include "experiments/training/noise.h"
#include "experiments/training/task_score.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"

/// What can be read out of an adapter of one's own, with what chance, noise and an adapter on
/// permuted labels give beside it: `lowrank analyse`. It reads as Table 7, the figures and
/// known-rank do.
namespace experiments::cli {

/// One adapted matrix.
struct MatrixReading {
  std::string name;
  lora::Svd change;          ///< of ΔW = s B A, r terms
  lora::VectorXd weighted;   ///< the singular values of ΔW C^{1/2}, r of them
  lora::VectorXd inputs;     ///< the eigenvalues of C, which descend
  lora::Amplification seen;  ///< W from the r directions of ΔW
  RankReading estimated;     ///< rank_at_gap
  NoiseReading noise;
};

/// The loss on the examples that an adapter was trained on, nats per target token, and of a guess
/// that does not see the prompts.
struct OwnLoss {
  double nll = 0, blind = 0;
};

struct AdapterReading {
  std::string adapter;             ///< its folder
  std::string labels;              ///< "true" or "permuted"
  std::optional<OwnLoss> own;      ///< where the adapter says what it was trained on
  std::optional<TaskScore> score;  ///< on the test examples of the task, if it is of one
  std::vector<MatrixReading> matrices;
};

/// The adapted matrices of a model that `adapter` was put onto. Throws std::invalid_argument that
/// names the adapter where ΔW of a matrix is zero or not finite.
std::vector<MatrixReading> read_matrices(const std::string& adapter, nn::Module& model,
                                         const Moments& moments);

/// Throws std::invalid_argument that names the adapter where it has no ΔW (another method than
/// LoRA) and as read_matrices does.
AdapterReading read_adapter(const SourcedModel& sourced, const TaskChoice& choice,
                            const Moments& moments);

/// What two adapters share in one matrix, on the side of the inputs (right singular vectors of ΔW)
/// or of the outputs.
struct SharedDirections {
  std::string matrix;
  bool inputs = true;
  lora::MatrixXd phi;         ///< φ(i,j) of the first i of one and the first j of the other
  lora::Index d = 0;          ///< the dimension that the chance level refers to
  double largest_cosine = 0;  ///< its square
  lora::ChanceLevel chance;   ///< of that
  double noise = 0;           ///< φ of all r of two changes of noise, r of the smaller adapter
};
/// Of the matrices that both have. Throws std::invalid_argument where there are none.
std::vector<SharedDirections> shared_directions(const AdapterReading& a, const AdapterReading& b);

/// All that was asked for.
struct Analysis {
  std::optional<TaskChoice> choice;  ///< the task; nothing where the data are a file's
  std::string data;                  ///< its name, or the file's
  std::string base;
  AdapterReading adapter;
  std::optional<AdapterReading> shuffled, against;
  std::vector<SharedDirections> shared;              ///< of adapter and against
  std::vector<SharedDirections> shared_of_shuffled;  ///< of adapter and shuffled
};

/// A section for each matrix, one for what two adapters share, and the caveats.
Report analysis_report(const Analysis& analysis);

/// One JSON object of the numbers.
nlohmann::ordered_json analysis_json(const Analysis& analysis);

/// adapter,labels,matrix,i,sigma,share,weighted,weighted_over_first: a line for each singular value.
Csv spectrum_csv(const Analysis& analysis);
/// adapter,labels,matrix,level,value: where W stands as seen from the directions of `level`.
Csv levels_csv(const Analysis& analysis);

/// Writes analyse.md, analyse.csv (of spectrum_csv), analyse.levels.csv, analyse.json and the figure
/// into the folder. Returns why the figure is not drawn, or "".
std::string write_analysis(const Analysis& analysis, const std::filesystem::path& folder);
/// The files that write_analysis makes, but for those of the figure's style.
std::vector<std::filesystem::path> analysis_files(const std::filesystem::path& folder);

}  // namespace experiments::cli
