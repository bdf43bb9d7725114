#pragma once

#include "lora/files/adapter.h"
#include "lora/methods/method.h"

/// What a method has trained, in a folder. LoRA keeps PEFT's layout (lora/files/adapter.h). The
/// others write method.safetensors: every trained tensor under its name, and in the metadata the
/// method, its size, the model's configuration and a fingerprint of what was frozen.
namespace lora::inline LOWRANK_PRECISION {

/// What a method's folder says of itself.
struct MethodInfo {
  MethodSpec spec;
  std::string base_model;  ///< the name of the base; may be empty
  nn::Metadata metadata;   ///< what else the file says, such as the task
  Index parameters = 0;    ///< elements of all trained tensors
  bool names_base = true;  ///< by a fingerprint; adapters that were made elsewhere do not
};

/// Writes what trains in a model that wrap() has adapted as `spec` says. LoRA's configuration is
/// taken from the model's layers. Throws AdapterError where the model does not train just what the
/// method trains; nn::SafetensorsError where a label is not UTF-8, before anything is written;
/// nn::FileError.
void save_method(const std::filesystem::path& folder, nn::Decoder& model, const MethodSpec& spec,
                 const AdapterLabels& labels = {});

/// Wraps a plain decoder as the folder says and fills in what was trained, bit for bit. What the
/// method leaves frozen must be as it was when the method was saved, and the configuration too;
/// what it trains is overwritten. Missing, extra, misshapen tensors, another configuration and
/// another base are refused together in one AdapterError. On an error the model is unchanged.
/// `options` are for an adapter in PEFT's layout. Throws also nn::FileError and
/// nn::SafetensorsError.
MethodInfo load_method(const std::filesystem::path& folder, nn::Decoder& model,
                       const AdapterOptions& options = {});

/// The same without a model: whether it fits one is not looked at.
MethodInfo describe_method(const std::filesystem::path& folder);

/// nn::fingerprint of what `spec` leaves frozen in a decoder, wrapped by it or plain, under the
/// names of the plain one: two bases that agree in it become the same model. Where nothing is
/// frozen, under "full", it is that of no tensors.
std::string frozen_fingerprint(nn::Decoder& model, const MethodSpec& spec);

}  // namespace lora::inline LOWRANK_PRECISION
