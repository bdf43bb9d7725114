#pragma once

#include <filesystem>
#include <map>

#include "lora/files/adapter.h"
#include "lora/interop/peft_config.h"
#include "nn/files/dtype.h"

/// An adapter apart from any model, in PEFT's terms, whoever wrote it: what all forms of files are
/// read into and written from.
namespace lora::inline LOWRANK_PRECISION {

/// A tensor, and as what it is stored: F32, F16 or BF16, all of which a float holds exactly.
struct PortableTensor {
  Tensor value;
  nn::Dtype dtype = nn::Dtype::F32;
};

struct PortableAdapter {
  PeftConfig config;
  std::map<std::string, PortableTensor> tensors = {};  ///< by PEFT's keys
  nn::Metadata metadata =
      {};  ///< what the weights' file says beside, such as a classifier's labels
};

/// "base_model.model.", with which the keys of what belongs to a module begin.
inline constexpr std::string_view peft_prefix = "base_model.model.";

/// The tensors of a safetensors file. Throws AdapterError for another type than those of
/// PortableTensor, and for a file that a newer program of ours wrote; nn::FileError and
/// nn::SafetensorsError.
std::map<std::string, PortableTensor> read_tensors(const std::filesystem::path& path);
/// The same ones as a file's bytes: equal tensors of a file, equal bytes in the file made of them.
/// Throws AdapterError where a value is no number of its type, naming the tensor.
std::string tensor_bytes(const std::map<std::string, PortableTensor>& tensors,
                         const nn::Metadata& metadata);

/// A folder in PEFT's layout. Throws AdapterError, also for a pickle; nn::FileError and
/// nn::SafetensorsError.
PortableAdapter read_peft(const std::filesystem::path& folder);
/// Writes such a folder, with the configuration last; a file is replaced whole or not at all.
void write_peft(const std::filesystem::path& folder, const PortableAdapter& adapter);

/// The text of a configuration or the like. Throws AdapterError where the file is not there.
std::string read_beside(const std::filesystem::path& folder, const char* name);

/// How tensors differ from those that are wanted: "missing: ...; not of this model: ...; wrong
/// shape: ...", each with the first eight and a count of the others; "" where they agree.
std::string tensor_difference(const std::map<std::string, PortableTensor>& tensors,
                              const nn::Shapes& wanted);

}  // namespace lora::inline LOWRANK_PRECISION
