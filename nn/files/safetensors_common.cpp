#include <fmt/format.h>

#include <limits>

#include "nn/files/json.h"
#include "nn/files/safetensors_header.h"

namespace nn::inline LOWRANK_PRECISION {
namespace {

using Kind = SafetensorsError::Kind;

/// False if a * b is no 64-bit number; otherwise a becomes the product.
bool multiply(std::uint64_t& a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return false;
  a *= b;
  return true;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::HeaderTooSmall:
      return "HeaderTooSmall";
    case Kind::HeaderTooLarge:
      return "HeaderTooLarge";
    case Kind::InvalidHeaderLength:
      return "InvalidHeaderLength";
    case Kind::InvalidHeader:
      return "InvalidHeader";
    case Kind::InvalidHeaderDeserialization:
      return "InvalidHeaderDeserialization";
    case Kind::DuplicateKey:
      return "DuplicateKey";
    case Kind::InvalidOffset:
      return "InvalidOffset";
    case Kind::ValidationOverflow:
      return "ValidationOverflow";
    case Kind::MisalignedSlice:
      return "MisalignedSlice";
    case Kind::TensorInvalidInfo:
      return "TensorInvalidInfo";
    case Kind::MetadataIncompleteBuffer:
      return "MetadataIncompleteBuffer";
    case Kind::TensorNotFound:
      return "TensorNotFound";
    case Kind::UnsupportedDtype:
      return "UnsupportedDtype";
    case Kind::UnsupportedShape:
      return "UnsupportedShape";
    case Kind::ValueOutOfRange:
      return "ValueOutOfRange";
    case Kind::InvalidTensorView:
      return "InvalidTensorView";
    case Kind::ReservedName:
      return "ReservedName";
  }
  return "unknown";
}

std::uint64_t size_in_bytes(const std::string& name, Dtype dtype,
                            const std::vector<std::uint64_t>& shape, std::string_view label) {
  std::uint64_t size = 1;  // elements, then bits
  bool fits = true;
  for (const std::uint64_t n : shape) fits = fits && multiply(size, n);
  if (!fits || !multiply(size, bits(dtype)))
    throw_error(Kind::ValidationOverflow, label,
                fmt::format("tensor {} must have fewer than 2^64 bits, also before a size of 0",
                            printable(name)));
  if (size % 8 != 0)
    throw_error(Kind::MisalignedSlice, label,
                fmt::format("tensor {} of {} must fill whole bytes, not {} bits", printable(name),
                            to_string(dtype), size));
  return size / 8;
}

void throw_error(Kind kind, std::string_view label, std::string_view expected) {
  throw SafetensorsError(kind, fmt::format("{}: {}: {}", label, to_string(kind), expected));
}

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = byte(i);
    if (++i, lead < 0x80) continue;
    if (lead < 0xC2 || lead > 0xF4) return false;
    const std::size_t following = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (text.size() - i < following) return false;
    // The second byte tells overlong forms, surrogates and what lies above U+10FFFF.
    unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (const std::size_t end = i + following; i < end; ++i) {
      if (byte(i) < low || byte(i) > high) return false;
      low = 0x80, high = 0xBF;
    }
  }
  return true;
}

}  // namespace nn::inline LOWRANK_PRECISION
