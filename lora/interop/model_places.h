#pragma once

#include "lora/interop/targets.h"
#include "nn/models/pretrained.h"

/// What the sources of this library ask of a model.
namespace lora::inline LOWRANK_PRECISION {

/// Its slots and tables. Throws std::invalid_argument where a projection is a piece of a stored one:
/// adapters of others are made for the whole.
std::vector<Place> places_of(nn::Pretrained& model);

/// Throws std::invalid_argument for a model that has an adapter already.
void check_has_no_adapter(nn::Pretrained& model);

std::string word_table(nn::Pretrained& model);  ///< the name of the table of words
bool is_tied(const nn::Pretrained& model);      ///< is the head that table?

/// The linear layer in a slot, wrapped or not. Throws std::logic_error for what wraps it otherwise.
nn::Linear& linear_in(nn::Projection& slot);

/// Whether a parameter belongs to an adapter: A, B, magnitudes and the like.
bool is_factor(const std::string& name);

/// "a.base.weight" -> "a.weight": the name that a parameter has without a wrapper.
std::string name_in_base(std::string name);

}  // namespace lora::inline LOWRANK_PRECISION
