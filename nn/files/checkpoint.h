#pragma once

#include <map>
#include <memory>
#include <variant>

#include "autograd/half.h"
#include "nn/files/safetensors.h"
#include "nn/transformer.h"

/// A decoder in one safetensors file: every parameter under its name as F32, and its configuration
/// as JSON under the metadata key "config".
namespace nn::inline LOWRANK_PRECISION {

/// A checkpoint that is not what it should be; the message is one line with the path.
struct CheckpointError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Metadata = std::map<std::string, std::string>;

/// Checkpoints, adapters and methods say under this metadata key how they are written: "1". Files
/// of before that have no such key, and are written so too.
constexpr const char* format_key = "lowrank.format";
constexpr const char* file_format = "1";

/// "" for a file that this program can read, otherwise what is wrong: a newer program wrote it.
std::string format_problem(const Metadata& metadata);

/// Replaces the file at `path` whole or not at all. `extra` is written beside the configuration and
/// may not use its key. Throws CheckpointError also for a model some of whose projections are
/// wrapped, whose parameters have names that load_checkpoint does not know; FileError.
void save_checkpoint(const std::filesystem::path& path, Decoder& model, const Metadata& extra = {});

/// The model with its parameters bit for bit (in a build in double, as F32 holds them). Missing and
/// extra tensors, wrong shapes and wrong dtypes are refused together, in one CheckpointError,
/// before memory is taken for a model; so is a file without a configuration, or with one that is
/// not as to_json writes it. Throws also FileError and SafetensorsError.
std::unique_ptr<Decoder> load_checkpoint(const std::filesystem::path& path);

/// The metadata of a checkpoint, the configuration under "config" included. Throws as
/// load_checkpoint does, except that tensors are not compared with the configuration.
Metadata read_checkpoint_metadata(const std::filesystem::path& path);

/// {"vocabulary":177,"context":24,...}, one member for each field in the order of the struct; gelu
/// is "erf" or "tanh".
std::string to_json(const DecoderConfig& config);

/// Throws CheckpointError naming the first member that is missing, unknown or of the wrong type, or
/// the first value that makes no model.
DecoderConfig decoder_config_from_json(std::string_view text);

using Shapes = std::map<std::string, Shape>;

/// Name and shape of every parameter of a decoder; nothing is allocated but the list.
Shapes parameter_shapes(const DecoderConfig& config);

/// How a file's tensors differ from the ones that are wanted, all of these types, as
/// "missing: ...; not wanted: ...; wrong shape: ...; wrong dtype: ...", without the parts that are
/// empty, so "" where they agree. Lists longer than eight end in a count.
std::string difference(const SafetensorsFile& file, const Shapes& wanted,
                       const std::vector<Dtype>& dtypes = {Dtype::F32});

/// What a fingerprint is taken of: a tensor, or a matrix in 16 bits, which counts as its floats.
using Valued = std::variant<const Tensor*, const autograd::HalfMatrix*>;
Valued valued(const Parameter& parameter);

/// A 64-bit hash, as 16 hexadecimal digits, of the names, shapes and values (as F32) of tensors.
/// Tells models apart; no protection against someone who wants two to look alike.
std::string fingerprint(const std::map<std::string, Valued>& values);
std::string fingerprint(Module& module);  ///< of all its parameters

}  // namespace nn::inline LOWRANK_PRECISION
