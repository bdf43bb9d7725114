#pragma once

#include "lora/interop/portable.h"
#include "nn/models/step.h"

/// Adapters of others in models of others, both ways.
namespace lora::inline LOWRANK_PRECISION {

struct AttachOptions {
  /// Of PiSSA: the adapter as it was before its training, where PEFT has kept it. Without it the
  /// start is computed from the base again.
  const PortableAdapter* pissa_start = nullptr;
};

/// Puts an adapter into a model that has none: wraps what it changes, overwrites the modules and
/// biases that it has of its own, and freezes all else. Every tensor must be wanted and be there.
/// Throws std::invalid_argument, in one line, with the model unchanged.
void attach(nn::Pretrained& model, const PortableAdapter& adapter,
            const AttachOptions& options = {});

/// The same for an adapter that was read from a folder, which an AdapterError then names.
void attach(nn::Pretrained& model, const PortableAdapter& adapter,
            const std::filesystem::path& folder, const AttachOptions& options = {});

/// Reads a folder in PEFT's layout and attaches it; returns what it says. Throws as read_peft, and
/// AdapterError.
PeftConfig load_peft(const std::filesystem::path& folder, nn::Pretrained& model,
                     const AttachOptions& options = {});

/// The adapter that a model has, or what lora::inject made, in PEFT's terms: all that trains. Of
/// GPT-2's c_attn in three pieces it is one adapter of c_attn, whose A are those of the pieces one
/// under the other and whose B are blocks; PiSSA becomes LoRA of twice the rank, which needs no
/// decomposition to be loaded. Throws AdapterError for what trains and has no place in PEFT's form.
/// AdaLoRA's weight of orthogonality is not the model's, so it is given. Throws also where a rank
/// would be above the smaller side of its matrix, as pieces' together may be.
PortableAdapter collect(nn::Pretrained& model, double orthogonality = default_orthogonality);

/// What trains in a model by PEFT's keys, and of each its value, or its gradient.
enum class Of { values, gradients };
std::map<std::string, Tensor> by_peft_keys(nn::Pretrained& model, Of of);

/// The tensors of a checkpoint without an adapter that computes the same, by their names there. Throws
/// std::invalid_argument for a prompt, which is in no weight.
std::map<std::string, Tensor> merged_checkpoint(nn::Pretrained& model);

/// The step of nn::step_values under an adapter, and "grad.KEY" of what trains by PEFT's keys. Its loss
/// is what PEFT minimises: that of the labels, and under AdaLoRA the adapter's weight times
/// orthogonality() of its layers beside it.
std::map<std::string, Tensor> adapted_step(nn::Pretrained& model, const nn::LabelledInputs& given,
                                           const PeftConfig& config);

struct Folded {
  std::size_t matrices = 0;  ///< and tables that it was merged into
  MergeError error;          ///< of rounding each once
};
/// Merges the adapter into the weights, each rounded once, and takes it off; all trains then. Throws
/// std::invalid_argument as merged_checkpoint, and for LoRA on a table to which the head is tied: with
/// it the head would change too, as it does when PEFT merges; NonFiniteMerge. The model is then
/// unchanged.
Folded fold(nn::Pretrained& model);

}  // namespace lora::inline LOWRANK_PRECISION
