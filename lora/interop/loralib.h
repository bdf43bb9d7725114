#pragma once

#include "lora/interop/portable.h"

/// Adapters of microsoft/LoRA's loralib: one file with <module>.lora_A (r,in) and <module>.lora_B
/// (out,r), and what else was trained under its own name. Here as safetensors.
namespace lora::inline LOWRANK_PRECISION {

/// What such a file does not say, and its reader has to know.
struct LoralibOptions {
  Index rank = 0;    ///< r
  double alpha = 0;  ///< α
  /// The parts of a fused projection that its MergedLinear changes, some of "q", "k" and "v" in this
  /// order. Its A (n r,in) has those of the n parts one under the other, and so has its B (n d,r).
  /// Empty: there is none.
  std::vector<std::string> merged = {};
};

/// A MergedLinear becomes PEFT's form of the same change: rank n r and alpha n α, whose B (3 d,n r)
/// has a block for each part. Throws AdapterError, also for a pickle; nn::FileError and
/// nn::SafetensorsError.
PortableAdapter read_loralib(const std::filesystem::path& file, const LoralibOptions& options);

/// Writes such a file and returns the rank and alpha that its reader has to be told. With `merged`,
/// modules whose B has that form of blocks become MergedLinear again; `rank` and `alpha` are not
/// looked at. Throws AdapterError, with nothing written, for what the form cannot hold.
LoralibOptions write_loralib(const std::filesystem::path& file, const PortableAdapter& adapter,
                             const std::vector<std::string>& merged = {});

}  // namespace lora::inline LOWRANK_PRECISION
