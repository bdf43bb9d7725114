#pragma once

namespace lora {

/// A transformer and its LoRA as far as their costs go by formula.
struct CostCase {
  double parameters = 0;  ///< of the model
  double layers = 0;
  double d_model = 0;   ///< the adapted matrices are d_model x d_model
  double matrices = 0;  ///< adapted in each layer
  double rank = 0;
  double bytes = 4;  ///< of a number, in memory and in a file
};

/// |Θ| = 2 L̂ d_model r with L̂ adapted matrices in all: Hu et al. 2021, section 4.2.
double lora_parameters(const CostCase& c);

double model_file_bytes(const CostCase& c);
double adapter_file_bytes(const CostCase& c);

/// What training holds apart from activations. Adam keeps two numbers for each that trains, and
/// nothing for what is frozen: there LoRA saves.
struct TrainingBytes {
  double frozen = 0, trainable = 0, gradients = 0, optimizer = 0;
  double total() const { return frozen + trainable + gradients + optimizer; }
};
TrainingBytes full_training_bytes(const CostCase& c);
TrainingBytes lora_training_bytes(const CostCase& c);

/// GPT-3 175B with r = 4 on q and v in 16 bits, the case of the paper's figures.
CostCase gpt3_case();

}  // namespace lora
