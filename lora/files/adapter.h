#pragma once

#include <filesystem>

#include "lora/inject.h"
#include "nn/files/checkpoint.h"

/// Adapters in PEFT's layout (https://github.com/huggingface/peft): a folder with
/// adapter_config.json and adapter_model.safetensors, whose keys are
/// base_model.model.<projection>.lora_A.weight (r,in) and .lora_B.weight (out,r).
namespace lora::inline LOWRANK_PRECISION {

/// A folder that is no adapter, not a whole one, or not one for this model; the message is one
/// line.
struct AdapterError : std::runtime_error {
  using std::runtime_error::runtime_error;
  AdapterError(const std::filesystem::path& path, std::string_view what);  ///< "path: what"
};

/// What an adapter says of itself.
struct AdapterInfo {
  LoraConfig config;             ///< as inject takes it
  std::string base_model;        ///< the name of the base; may be empty
  std::string base_fingerprint;  ///< empty in adapters that were made elsewhere
  nn::Metadata metadata;         ///< what else the weights' file says, such as the task
  Index parameters = 0;          ///< elements of all A and B
};

/// What save_adapter writes beside the layers. The keys "format" and "lowrank..." are taken.
struct AdapterLabels {
  std::string base_model = {};
  nn::Metadata metadata = {};
  /// PEFT's "task_type": "CAUSAL_LM" or "SEQ_CLS" for a model of transformers. Empty: null, for a
  /// plain module, of which PEFT would otherwise want functions that only those have.
  std::string task = {};
};

/// Writes the LoRA layers of a model, merged or not, into the folder, which is created where it is
/// missing. Each file is replaced whole or not at all, the weights before the configuration; a
/// folder left between the two is refused by load_adapter unless it fits together. Throws
/// AdapterError as config_of does and where more trains than A and B, such as a prefix;
/// nn::SafetensorsError where a label is not UTF-8, before anything is written; nn::FileError.
void save_adapter(const std::filesystem::path& folder, nn::Module& model,
                  const AdapterLabels& labels = {});

/// The configuration with which inject makes layers like the model's. Throws AdapterError where
/// there are none or where they differ in more than rank and alpha.
LoraConfig config_of(nn::Module& model);

struct AdapterOptions {
  /// False: an adapter without a fingerprint of its base is loaded too. One with the fingerprint of
  /// another base never is.
  bool require_fingerprint = true;
};

/// Injects the adapter's layers into a model without LoRA and fills them, bit for bit; F16 and BF16
/// become the floats that they are. Missing, extra, misshapen tensors, other dtypes and another
/// base are refused together in one AdapterError, and so is a setting this program does not know or
/// cannot follow. On an error the model is unchanged. Throws also nn::FileError and
/// nn::SafetensorsError.
AdapterInfo load_adapter(const std::filesystem::path& folder, nn::Module& model,
                         const AdapterOptions& options = {});

/// The same without a model: whether it fits one is not looked at.
AdapterInfo describe_adapter(const std::filesystem::path& folder);

/// Whether it is an adapter that save_adapter wrote: one that says which base it was made for.
bool says_its_base(const std::filesystem::path& folder);

/// nn::fingerprint of the model without its LoRA layers: of W0 under its original name also where
/// it is wrapped or merged.
std::string base_fingerprint(nn::Module& model);

}  // namespace lora::inline LOWRANK_PRECISION
