#pragma once

#include <map>

#include "experiments/namespaces.h"
#include "lora/analysis/low_rank.h"

namespace experiments::beyond {

/// How the singular values of a planted change fall: all equal, or each 3/4 of the one before. Or
/// noise: independent normal entries, a change of full rank, of which no low rank is right.
enum class Spectrum { flat, geometric, noise };

/// Where its singular vectors lie with respect to those of the weight W: anywhere, in the first
/// r* pairs, in the last ones, or in r* pairs drawn from the 5th to the 20th. This decides the true
/// amplification factor.
enum class Align { random, top, bottom, middle };

/// Where a change is planted, and which projections the students adapt.
enum class Place {
  one,      ///< v of the last block; adapted: the same
  several,  ///< q and v of every block, each with its own rank; adapted: the same
  mlp       ///< up of the last block; adapted: q, k, v and o of every block
};

std::string to_string(Spectrum spectrum);
std::string to_string(Align align);
std::string to_string(Place place);
Spectrum parse_spectrum(std::string_view text);  ///< these throw std::invalid_argument naming the
Align parse_align(std::string_view text);        ///< valid ones
Place parse_place(std::string_view text);

struct TeacherSpec {
  int true_rank = 2;  ///< r*; 0 plants nothing, the null control; of noise it says nothing
  Spectrum spectrum = Spectrum::flat;
  double rho = 0.5;  ///< ‖ΔW*‖_F / ‖W‖_F
  Align align = Align::random;
  Place place = Place::one;
  std::uint64_t seed = 1;
};

/// The change of rank r planted in the weight W (out,in): ΔW* = c U diag(g) Vᵀ with ‖ΔW*‖ = ρ ‖W‖.
/// What is random is drawn from the stream (seed, name + ".planted"). Noise has as many terms as W,
/// whatever r is. Throws std::invalid_argument unless 1 <= r <= min(out, in), of Align::middle at
/// most 16, and ρ > 0.
lora::Svd planted_change(const lora::MatrixXd& W, const TeacherSpec& spec, int rank,
                         const std::string& name);

/// The ranks that the specification plants, by the projections' names. `several` gives the places,
/// in the model's order, r*, 1, 2 r* and (r* + 1) / 2 in turn, so that they can be told apart. Of
/// noise they are the full ones.
std::map<std::string, int> planted_ranks(nn::Module& model, const TeacherSpec& spec);

/// Adds the changes to the model's weights and returns them by name; with r* = 0 there are none and
/// the model is as it was. `ranks` are planted_ranks, or others.
std::map<std::string, lora::Svd> plant(nn::Module& model, const TeacherSpec& spec,
                                       const std::map<std::string, int>& ranks);
std::map<std::string, lora::Svd> plant(nn::Module& model, const TeacherSpec& spec);

/// The projections named so in any block: "q" is blocks.0.attn.q, blocks.1.attn.q, ...
std::vector<std::string> projections_named(nn::Module& model, const std::vector<std::string>& ends);

/// The projections that the students adapt, by name.
std::vector<std::string> student_targets(nn::Module& model, Place place);

}  // namespace experiments::beyond
