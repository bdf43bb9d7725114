#pragma once

#include <span>

#include "lora/inject.h"

/// The ways to adapt a model that Hu et al. 2021 compare, behind one interface: a specification,
/// what it would train (by formula), wrap, and, in lora/files/method_file.h, save and load. What
/// trains in a wrapped model is nn::trainable_parameters(model).
namespace lora::inline LOWRANK_PRECISION {

/// More than any method needs, and few enough that no count overflows.
constexpr Index largest_size = 1'000'000;

/// Which method, and how large.
struct MethodSpec {
  std::string name = {};  ///< "full", "top-layers", ...: the names in all_methods()
  Index size = 0;         ///< what Method::size_is says; 0 for methods without a size
  LoraConfig lora = {};   ///< for methods with LoRA layers only
};

/// What a name stands for. Formulas are in d = d_model, f = d_mlp, L layers, V words, T positions,
/// n = size, r = rank.
struct Method {
  const char* name;
  const char* source;   ///< where it is from
  const char* size_is;  ///< "bottleneck width", ...; null where there is no size
  bool has_lora;        ///< does it take MethodSpec::lora?
  bool starts_as_base;  ///< a wrapped model computes what the base does, bit for bit
  const char* formula;  ///< of the number of trained parameters
  Index (*largest)(const nn::DecoderConfig&);  ///< the largest size; null: largest_size
  Index (*count)(const MethodSpec&, const nn::DecoderConfig&);  ///< the formula's value
  /// Wraps a plain decoder all of whose parameters are frozen, and marks what trains.
  void (*wrap)(nn::Decoder&, const MethodSpec&, std::uint64_t seed);
};

/// All methods, in the order of the paper's tables.
std::span<const Method* const> all_methods();

/// Throws std::invalid_argument naming the valid ones.
const Method& method(std::string_view name);

/// Throws std::invalid_argument for an unknown method, a size that the method has not or that is
/// out of range, LoRA targets where there is no LoRA, and as plan() does.
void validate(const MethodSpec& spec, const nn::DecoderConfig& config);

/// Freezes a plain decoder, wraps it and marks what trains; what is drawn comes from streams named
/// (seed, name of the parameter). Throws std::invalid_argument as validate() does, and for a model
/// that is wrapped already; it is then unchanged.
void wrap(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed);

/// Throws std::invalid_argument for a decoder with wrapped projections or a prefix; `name` is for
/// the message.
void check_plain(nn::Decoder& model, std::string_view name);

/// The number of parameters that wrap() makes trainable, by formula: no model is built. Throws as
/// validate() does.
Index count(const MethodSpec& spec, const nn::DecoderConfig& config);

/// The method's specification whose count is nearest to the budget, the smaller of two. What is
/// varied is the rank where there is LoRA, otherwise the size; methods with neither come as they
/// are. `given` holds the rest: targets and alpha, and the length of the prefix beside LoRA.
/// budget >= 1.
MethodSpec nearest(const MethodSpec& given, Index budget, const nn::DecoderConfig& config);

/// nearest() of every method, in their order: LoRA with the targets of `lora`, its prefix, where it
/// has one, of `prefix` positions.
std::vector<MethodSpec> nearest_of_all(Index budget, const nn::DecoderConfig& config,
                                       const LoraConfig& lora, Index prefix = 8);

/// A table with the size, the count and its formula of each, and the numbers behind the letters.
std::string describe(const std::vector<MethodSpec>& specs, const nn::DecoderConfig& config);

/// "r = 4 on q,v", "bottleneck width 8", or "-": what a specification says beside its name.
std::string describe_size(const MethodSpec& spec);

}  // namespace lora::inline LOWRANK_PRECISION
