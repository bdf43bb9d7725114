#pragma once

#include <map>

#include "experiments/evidence/paired.h"
#include "experiments/harness/experiment.h"
#include "lora/analysis/low_rank.h"

/// The trained adapters that table7, figure3, figure4 and figure8 look at. They share one sweep,
/// OUT/adapters, with a folder for every finished cell in PEFT's layout, named by a hash of the
/// cell's key. Each of the four trains only what is not there.
namespace experiments::paper {

/// One adapted projection: what the analysis reads.
struct AdaptedMatrix {
  lora::MatrixXd W;  ///< the frozen weight (out,in)
  lora::MatrixXd A;  ///< (r,in), trained
  lora::Svd delta;   ///< of ΔW = s B A, r terms
};

struct AdaptedModel {
  Cell cell;
  std::map<std::string, AdaptedMatrix> matrices;  ///< by projection, "blocks.0.attn.q"
};

/// How alpha goes with the rank: fixed, as in the paper, so that the scale alpha/r falls; or alpha
/// = 2 r, so that it stays. The two are the same cell at r = alpha / 2.
enum class AlphaRule { fixed, proportional };
const char* to_string(AlphaRule rule);

/// The ranks that the four look at: 1, 4, 8, 16, and 2 in `full`.
std::vector<int> adapter_ranks(const Settings& options);

/// LoRA on q and v of every block.
Cell adapter_cell(Cell repetition, const Settings& options, int rank,
                  AlphaRule rule = AlphaRule::fixed);

/// Such a cell for every repetition and rank.
std::vector<Cell> adapter_cells(const Settings& options, const std::vector<int>& ranks);

/// The twins of such cells, with permuted labels, of the ranks among these that the rules and the
/// figures compare: 4, 8 and 16, and in `full` all.
std::vector<Cell> permuted_cells(const Settings& options, const std::vector<int>& ranks);

/// The adapters of the cells that were asked for, and with them what the folder has of other tasks,
/// seeds and bases at the same ranks, alpha and K, so that a run of a part does not hide the whole.
/// They come in one order: by base, task, seed, rank, options.alpha before other alpha, and true
/// labels before permuted ones. A run that diverged is left out, with a message. Throws as lora::load_adapter.
std::vector<AdaptedModel> adapted_models(const Results& results, Lab& lab);

/// Keeps a trained adapter, so that adapted_models finds it, and measures measure_own_loss: the look
/// of these experiments.
void keep_adapter(const Lab& lab, nn::Model& trained, CellResult& result);

/// The cells among the results that stand beside those asked for: of another task, seed or base,
/// with the rank, alpha, scale and labels of one of the cells and, on sqlgen, options.facts. Throws
/// std::invalid_argument that names both if two of them claim one place.
std::vector<Cell> beside(const std::vector<Cell>& asked, const std::vector<CellResult>& results,
                         const Settings& options);

/// `finding` with what it rests on: the number of distinct cells among the models that `which`
/// picks, and K beside the name of a task that has it.
Finding resting_on(Finding finding, const std::vector<AdaptedModel>& models, const Which& which);

/// "blocks.0.attn.q" -> "q".
std::string kind_of(const std::string& projection);

}  // namespace experiments::paper
