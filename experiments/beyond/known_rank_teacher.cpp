#include "experiments/beyond/known_rank_teacher.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "lora/analysis/subspace.h"

namespace experiments::beyond {
namespace {

template <class Enum>
using Names = std::vector<std::pair<Enum, std::string>>;

const Names<Spectrum> spectra = {
    {Spectrum::flat, "flat"}, {Spectrum::geometric, "geometric"}, {Spectrum::noise, "noise"}};
const Names<Align> aligns = {{Align::random, "random"},
                             {Align::top, "top"},
                             {Align::bottom, "bottom"},
                             {Align::middle, "middle"}};
const Names<Place> places = {{Place::one, "one"}, {Place::several, "several"}, {Place::mlp, "mlp"}};

template <class Enum>
std::string name_of(const Names<Enum>& names, Enum value) {
  for (const auto& [one, name] : names)
    if (one == value) return name;
  return "";
}

template <class Enum>
Enum named(const Names<Enum>& names, const char* what, std::string_view text) {
  std::vector<std::string> valid;
  for (const auto& [value, name] : names) {
    if (name == text) return value;
    valid.push_back(name);
  }
  throw std::invalid_argument(
      fmt::format("unknown {} '{}'; valid are {}", what, text, fmt::join(valid, ", ")));
}

std::vector<std::pair<std::string, nn::Projection*>> projections(nn::Module& model) {
  std::vector<std::pair<std::string, nn::Projection*>> all;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    all.emplace_back(name, slot.get());
  });
  return all;
}

bool ends_with_any(const std::string& name, const std::vector<std::string>& ends) {
  for (const std::string& end : ends)
    if (name.ends_with("." + end)) return true;
  return false;
}

// The last projection of this name: a decoder's is in its last block.
std::string last_of(nn::Module& model, const std::string& end) {
  std::string last;
  for (const auto& [name, projection] : projections(model))
    if (ends_with_any(name, {end})) last = name;
  if (last.empty())
    throw std::invalid_argument(fmt::format("the model has no projection named {}", end));
  return last;
}

std::vector<std::string> planted_places(nn::Module& model, Place place) {
  if (place == Place::one) return {last_of(model, "attn.v")};
  if (place == Place::mlp) return {last_of(model, "mlp.up")};
  return projections_named(model, {"q", "v"});
}

// r of the 16 pairs from the 5th on, in their order: columns of U and V.
std::vector<lora::Index> middle_pairs(lora::Index pairs, int rank, autograd::Random& random) {
  constexpr int first = 4, count = 16;
  if (rank > count || pairs < first + count)
    throw std::invalid_argument(fmt::format(
        "a change of rank {} does not fit into the pairs 5 to 20 of {}; valid are 1 to {} where "
        "there are 20",
        rank, pairs, count));
  std::vector<int> drawn = random.permutation(count);
  drawn.resize(static_cast<std::size_t>(rank));
  std::sort(drawn.begin(), drawn.end());
  std::vector<lora::Index> columns;
  for (const int i : drawn) columns.push_back(first + i);
  return columns;
}

// Where a change of this rank lies: its singular vectors, without its singular values.
void set_directions(lora::Svd& change, const lora::MatrixXd& W, const TeacherSpec& spec, int rank,
                    autograd::Random& random) {
  if (spec.align == Align::random) {
    change.U = lora::random_subspace(W.rows(), rank, random);
    change.V = lora::random_subspace(W.cols(), rank, random);
    return;
  }
  const lora::Svd own = lora::svd(W);
  if (spec.align == Align::middle) {
    const std::vector<lora::Index> pairs = middle_pairs(own.sigma.size(), rank, random);
    change.U = own.U(Eigen::all, pairs);
    change.V = own.V(Eigen::all, pairs);
    return;
  }
  const bool top = spec.align == Align::top;
  change.U = top ? own.U.leftCols(rank) : own.U.rightCols(rank);
  change.V = top ? own.V.leftCols(rank) : own.V.rightCols(rank);
}

}  // namespace

std::vector<std::string> projections_named(nn::Module& model,
                                           const std::vector<std::string>& ends) {
  std::vector<std::string> names;
  for (const auto& [name, projection] : projections(model))
    if (ends_with_any(name, ends)) names.push_back(name);
  return names;
}

std::string to_string(Spectrum spectrum) { return name_of(spectra, spectrum); }
std::string to_string(Align align) { return name_of(aligns, align); }
std::string to_string(Place place) { return name_of(places, place); }
Spectrum parse_spectrum(std::string_view text) { return named(spectra, "spectrum", text); }
Align parse_align(std::string_view text) { return named(aligns, "alignment", text); }
Place parse_place(std::string_view text) { return named(places, "place", text); }

lora::Svd planted_change(const lora::MatrixXd& W, const TeacherSpec& spec, int rank,
                         const std::string& name) {
  const auto most = static_cast<int>(std::min(W.rows(), W.cols()));
  if (rank < 1 || rank > most)
    throw std::invalid_argument(fmt::format(
        "a change of rank {} cannot be planted in {}: valid are 1 to {}", rank, name, most));
  if (!(spec.rho > 0) || !std::isfinite(spec.rho))
    throw std::invalid_argument(fmt::format("rho must be positive, not {}", spec.rho));

  autograd::Random random(spec.seed, name + ".planted");
  lora::Svd change;
  if (spec.spectrum == Spectrum::noise) {
    change = lora::svd(lora::gaussian(W.rows(), W.cols(), random));
  } else {
    set_directions(change, W, spec, rank, random);
    change.sigma.resize(rank);
    for (int i = 0; i < rank; ++i)
      change.sigma(i) = spec.spectrum == Spectrum::flat ? 1 : std::pow(0.75, i);
  }
  change.sigma *= spec.rho * W.norm() / change.sigma.norm();
  return change;
}

std::map<std::string, int> planted_ranks(nn::Module& model, const TeacherSpec& spec) {
  std::map<std::string, int> ranks;
  const bool noise = spec.spectrum == Spectrum::noise;
  if (spec.true_rank == 0 && !noise) return ranks;
  const std::vector<std::string> names = planted_places(model, spec.place);
  const int in_turn[] = {spec.true_rank, 1, 2 * spec.true_rank, (spec.true_rank + 1) / 2};
  for (std::size_t i = 0; i < names.size(); ++i) ranks[names[i]] = in_turn[i % 4];
  if (noise)
    for (const auto& [name, projection] : projections(model))
      if (const auto at = ranks.find(name); at != ranks.end())
        at->second =
            static_cast<int>(std::min(projection->in_features(), projection->out_features()));
  return ranks;
}

std::map<std::string, lora::Svd> plant(nn::Module& model, const TeacherSpec& spec) {
  return plant(model, spec, planted_ranks(model, spec));
}

std::map<std::string, lora::Svd> plant(nn::Module& model, const TeacherSpec& spec,
                                       const std::map<std::string, int>& ranks) {
  std::map<std::string, lora::Svd> changes;
  for (const auto& [name, projection] : projections(model)) {
    const auto rank = ranks.find(name);
    if (rank == ranks.end()) continue;
    auto* linear = dynamic_cast<nn::Linear*>(projection);
    if (linear == nullptr)
      throw std::invalid_argument(
          fmt::format("{} is wrapped; a change is planted in a base", name));
    nn::Matrix& weight = linear->weight.value.m;
    ++linear->weight.version;
    const lora::MatrixXd W = weight.cast<double>();
    const lora::Svd change = planted_change(W, spec, rank->second, name);
    weight = (W + lora::truncated(change, rank->second)).cast<nn::Scalar>();
    changes[name] = change;
  }
  return changes;
}

std::vector<std::string> student_targets(nn::Module& model, Place place) {
  if (place != Place::mlp) return planted_places(model, place);
  return projections_named(model, {"q", "k", "v", "o"});
}

}  // namespace experiments::beyond
