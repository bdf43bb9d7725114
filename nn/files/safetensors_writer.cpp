#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/files/safetensors.h"
#include "nn/files/safetensors_header.h"

namespace nn::inline LOWRANK_PRECISION {
namespace {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

using Kind = SafetensorsError::Kind;

constexpr std::string_view label = "safetensors file to be written";

template <class T>
void append(std::string& bytes, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  bytes.append(raw, sizeof(T));
}

std::string json_string(const std::string& text) {
  if (!is_utf8(text)) throw_error(Kind::InvalidHeader, label, printable(text) + " must be UTF-8");
  return nlohmann::json(text).dump();
}

}  // namespace

void SafetensorsWriter::add(const std::string& name, Dtype dtype, std::vector<std::uint64_t> shape,
                            std::string bytes) {
  if (name == metadata_key)
    throw_error(Kind::ReservedName, label, "a tensor cannot be called " + printable(name));
  if (!is_utf8(name))
    throw_error(Kind::InvalidHeader, label,
                "the tensor name " + printable(name) + " must be UTF-8");
  const std::uint64_t size = size_in_bytes(name, dtype, shape, label);
  if (bytes.size() != size)
    throw_error(
        Kind::InvalidTensorView, label,
        fmt::format("tensor {} of {} with the shape ({}) has {} bytes, not {}", printable(name),
                    to_string(dtype), fmt::join(shape, ","), size, bytes.size()));
  if (!items_.try_emplace(name, Item{dtype, std::move(shape), std::move(bytes)}).second)
    throw_error(Kind::DuplicateKey, label,
                fmt::format("tensor {} was added twice", printable(name)));
}

void SafetensorsWriter::add(const std::string& name, const autograd::Tensor& tensor, Dtype stored) {
  if (stored != Dtype::F32 && stored != Dtype::F64)
    throw_error(Kind::UnsupportedDtype, label,
                fmt::format("tensor {} can be stored as F32 or F64, not as {}", printable(name),
                            to_string(stored)));
  std::vector<std::uint64_t> shape;
  for (int i = 0; i < tensor.shape.rank(); ++i)
    shape.push_back(static_cast<std::uint64_t>(tensor.shape[i]));
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(tensor.size()) * bits(stored) / 8);
  for (const autograd::Scalar x : tensor.m.reshaped<Eigen::RowMajor>()) {
    if (stored == Dtype::F32)
      append(bytes, static_cast<float>(x));
    else
      append(bytes, static_cast<double>(x));
  }
  add(name, stored, std::move(shape), std::move(bytes));
}

void SafetensorsWriter::add(const std::string& name, std::span<const std::int32_t> values,
                            std::vector<std::uint64_t> shape) {
  std::string bytes;
  for (const std::int32_t x : values) append(bytes, x);
  add(name, Dtype::I32, std::move(shape), std::move(bytes));
}

std::vector<const SafetensorsWriter::Items::value_type*> SafetensorsWriter::in_order_of_the_file()
    const {
  std::vector<const Items::value_type*> order;
  for (const auto& item : items_) order.push_back(&item);  // by name, which the sort keeps
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const auto* item) { return item->second.dtype; });
  return order;
}

std::string SafetensorsWriter::header() const {
  std::vector<std::string> members;
  if (!metadata.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : metadata)
      pairs.push_back(json_string(key) + ":" + json_string(value));
    members.push_back(
        fmt::format("{}:{{{}}}", json_string(std::string(metadata_key)), fmt::join(pairs, ",")));
  }
  std::size_t begin = 0;
  for (const auto* item : in_order_of_the_file()) {
    const auto& [name, tensor] = *item;
    const std::size_t end = begin + tensor.bytes.size();
    members.push_back(fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                                  json_string(name), to_string(tensor.dtype),
                                  fmt::join(tensor.shape, ","), begin, end));
    begin = end;
  }
  std::string text = fmt::format("{{{}}}", fmt::join(members, ","));
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > max_header_length)
    throw_error(
        Kind::HeaderTooLarge, label,
        fmt::format("a header has at most {} bytes, not {}", max_header_length, text.size()));
  return text;
}

std::string SafetensorsWriter::bytes() const {
  const std::string text = header();
  std::string file;
  append(file, static_cast<std::uint64_t>(text.size()));
  file += text;
  for (const auto* item : in_order_of_the_file()) file += item->second.bytes;
  return file;
}

void SafetensorsWriter::write(const std::filesystem::path& path) const {
  write_file_atomically(path, bytes());
}

}  // namespace nn::inline LOWRANK_PRECISION
