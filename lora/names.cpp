#include <fmt/format.h>

#include <stdexcept>

#include "lora/lora_linear.h"

// The names of scalings and initialisations, for options, files and descriptions.
namespace lora::inline LOWRANK_PRECISION {

std::string to_string(Init init) { return init == Init::gaussian ? "gaussian" : "kaiming-uniform"; }

Init parse_init(std::string_view text) {
  for (const Init init : {Init::gaussian, Init::kaiming_uniform})
    if (text == to_string(init)) return init;
  throw std::invalid_argument(
      fmt::format("unknown initialisation '{}'; valid are gaussian and kaiming-uniform", text));
}

std::string to_string(Scaling scaling) {
  return scaling == Scaling::alpha_over_r ? "alpha/r" : "alpha/sqrt(r)";
}

Scaling parse_scaling(std::string_view text) {
  for (const Scaling s : {Scaling::alpha_over_r, Scaling::alpha_over_sqrt_r})
    if (text == to_string(s)) return s;
  throw std::invalid_argument(
      fmt::format("unknown scaling '{}'; valid are alpha/r and alpha/sqrt(r)", text));
}

std::string describe_scale(Scaling scaling, double alpha, long rank) {
  const char* rank_text =
      scaling == Scaling::alpha_over_r ? "{} = {:g}/{} = {:g}" : "{} = {:g}/sqrt({}) = {:g}";
  return fmt::format(fmt::runtime(rank_text), to_string(scaling), alpha, rank,
                     scale(scaling, alpha, rank));
}

}  // namespace lora::inline LOWRANK_PRECISION
