#pragma once

#include <filesystem>
#include <functional>
#include <map>

#include "nn/models/pretrained.h"

/// One training step of a model whose inputs are in a file, under the names of its checkpoint.
namespace nn::inline LOWRANK_PRECISION {

/// Inputs that are no inputs, or none of a model; the message is one line.
struct InputsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct LabelledInputs {
  Inputs inputs;
  std::vector<int> labels;  ///< as loss() takes them; empty: there are none
};

/// Reads a JSON object of "input_ids" (B,T) and, where they are wanted, "attention_mask" of 0 and 1
/// and "token_type_ids", (B,T), and "labels", (B,T) or (B): lists of rows, as transformers' models
/// take them. Throws InputsError naming the member; nn::FileError.
LabelledInputs read_inputs(const std::filesystem::path& path);

/// The same with the model's prompt before each row, as (B,P+T), of which nothing is predicted.
LabelledInputs with_prompt(const Pretrained& model, const LabelledInputs& given);

/// What is minimised beside the loss of the labels, which it gets and returns with that added.
using WholeLoss = std::function<Var(const Pass& pass, Var loss)>;

/// What the step consists of: "hidden.0" (B,T,C) behind the embeddings to "hidden.L"; "logits",
/// (B,T,V) or a classifier's (B,labels), where there is a head; and where there are labels also
/// "loss". The gradients are then those of the step, in the model. A prompt of the model stands
/// before each row, so that T is longer by P. No weight is moved. Throws as check() and loss() do.
std::map<std::string, Tensor> step_values(Pretrained& model, const LabelledInputs& given,
                                          const WholeLoss& whole = {});

/// The same, and "grad.NAME" of every tensor of the checkpoint that has a gradient.
std::map<std::string, Tensor> checkpoint_step(Pretrained& model, const LabelledInputs& given);

}  // namespace nn::inline LOWRANK_PRECISION
