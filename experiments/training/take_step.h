#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "experiments/namespaces.h"
#include "nn/optimizer.h"

/// What every training here is made of, whatever it trains and on what: its steps, and its state
/// for a process that goes on later.
namespace experiments::training {

/// One step: `add_gradients` computes the loss of a batch, adds its gradients to the parameters'
/// empty ones, and returns the loss; the gradients are clipped to the joint norm `clip`, and the
/// optimizer moves the weights. Returns that loss. Throws nn::NonFiniteGradient, before any weight
/// has moved.
double take_step(nn::Optimizer& optimizer, double lr, double clip,
                 const std::function<double()>& add_gradients);

/// Where a training was when it was saved.
struct TrainingState {
  long done = 0;         ///< steps
  std::string run = {};  ///< what says which training it is
  std::string log = {};  ///< what it has written down of its steps
};

/// Writes what a later process needs to take the next step as this one would have: the parameters
/// that train, the optimizer's tensors and `at`.
void save_state(const std::filesystem::path& path, nn::Module& model, nn::Optimizer& optimizer,
                const TrainingState& at);

/// Throws nn::CheckpointError where the file is there and is of another run than `run`.
void check_state(const std::filesystem::path& path, const std::string& run);

/// Goes on from the file; returns nothing where there is none. Throws nn::CheckpointError, with the
/// model and the optimizer as they were, for what is no state of these parameters or of at most
/// `steps` steps, and where it is of another run than `run`.
std::optional<TrainingState> load_state(const std::filesystem::path& path, nn::Module& model,
                                        nn::Optimizer& optimizer, long steps,
                                        const std::string& run = {});

}  // namespace experiments::training
