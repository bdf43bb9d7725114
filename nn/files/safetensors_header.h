#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nn/files/safetensors.h"

/// What the reader and the writer of safetensors files share; not meant for others.
namespace nn::inline LOWRANK_PRECISION {

inline constexpr std::uint64_t max_header_length = 100'000'000;
inline constexpr std::string_view metadata_key = "__metadata__";

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<SafetensorsEntry> entries;  ///< in the order of the header
};

/// The header's JSON. Throws InvalidHeader, InvalidHeaderDeserialization or DuplicateKey; whether
/// offsets and shapes agree is not looked at. Memory is at most a small multiple of the text; the
/// stack does not grow with its nesting.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::string_view label);

/// The bytes a tensor needs. Throws ValidationOverflow or MisalignedSlice.
std::uint64_t size_in_bytes(const std::string& name, Dtype dtype,
                            const std::vector<std::uint64_t>& shape, std::string_view label);

/// Throws the error with the message "label: Kind: expected".
[[noreturn]] void throw_error(SafetensorsError::Kind kind, std::string_view label,
                              std::string_view expected);

/// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace nn::inline LOWRANK_PRECISION
