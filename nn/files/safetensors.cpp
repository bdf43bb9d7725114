#include "nn/files/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/files/safetensors_header.h"

namespace nn::inline LOWRANK_PRECISION {
namespace {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

using Kind = SafetensorsError::Kind;

/// Reads elements where they lie, aligned or not.
template <class T, class Use>
void for_each_element(std::span<const std::byte> bytes, Use use) {
  T element;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(T)) {
    std::memcpy(&element, bytes.data() + i, sizeof(T));
    use(element);
  }
}

template <class T, class ToFloat>
autograd::Tensor converted(std::span<const std::byte> bytes, const autograd::Shape& shape,
                           ToFloat to_float) {
  autograd::Tensor result(shape);
  autograd::Scalar* next = result.m.data();
  for_each_element<T>(bytes, [&](T x) { *next++ = static_cast<autograd::Scalar>(to_float(x)); });
  return result;
}

/// What the first eight bytes say.
std::uint64_t header_length(std::string_view file, std::uint64_t file_size,
                            std::string_view label) {
  std::uint64_t length = 0;
  if (file.size() < sizeof(length))
    throw_error(Kind::HeaderTooSmall, label,
                "a file begins with the 8 bytes of the header's length");
  std::memcpy(&length, file.data(), sizeof(length));
  if (length > max_header_length)
    throw_error(Kind::HeaderTooLarge, label,
                fmt::format("a header has at most {} bytes, not {}: no safetensors file",
                            max_header_length, length));
  if (length > file_size - sizeof(length))
    throw_error(Kind::InvalidHeaderLength, label,
                fmt::format("the header has {} bytes, of which {} are there", length,
                            file_size - sizeof(length)));
  return length;
}

/// Checks that the tensors, sorted by their place, cover the data without gap or overlap and have
/// the sizes their shapes ask for.
void check_layout(const std::vector<SafetensorsEntry>& entries, std::uint64_t data_size,
                  std::string_view label) {
  std::uint64_t position = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != position || entry.end < entry.begin)
      throw_error(
          Kind::InvalidOffset, label,
          fmt::format("tensor {} must begin at {} and not end before, its data_offsets are [{},{}]",
                      printable(entry.name), position, entry.begin, entry.end));
    const std::uint64_t size = size_in_bytes(entry.name, entry.dtype, entry.shape, label);
    if (entry.end - entry.begin != size)
      throw_error(
          Kind::TensorInvalidInfo, label,
          fmt::format("tensor {} needs {} bytes for its shape, its data_offsets are [{},{}]",
                      printable(entry.name), size, entry.begin, entry.end));
    position = entry.end;
  }
  if (position != data_size)
    throw_error(
        Kind::MetadataIncompleteBuffer, label,
        fmt::format("the data must have {} bytes for the tensors, not {}", position, data_size));
}

}  // namespace

bool has_shape(const SafetensorsEntry& entry, const autograd::Shape& shape) {
  if (entry.shape.size() != static_cast<std::size_t>(shape.rank())) return false;
  for (int i = 0; i < shape.rank(); ++i)
    if (entry.shape[static_cast<std::size_t>(i)] != static_cast<std::uint64_t>(shape[i]))
      return false;
  return true;
}

SafetensorsFile SafetensorsFile::read(const std::filesystem::path& path) {
  return parse(read_file(path), path.string());
}

SafetensorsFile SafetensorsFile::read_header(const std::filesystem::path& path) {
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(path, failed);
  if (failed) return read(path);  // a pipe has no size, and what is not there gets its error
  std::string start = read_file(path, sizeof(std::uint64_t));
  const std::uint64_t length = header_length(start, size, path.string());
  start = read_file(path, sizeof(std::uint64_t) + length);
  return parse_start(std::move(start), size, path.string());
}

SafetensorsFile SafetensorsFile::read_one(const std::filesystem::path& path,
                                          std::string_view name) const {
  const SafetensorsEntry& whole = entry(name);
  const std::uint64_t size = whole.end - whole.begin;
  SafetensorsFile one;
  one.label_ = label_;
  one.file_ = read_file_part(path, data_begin_ + whole.begin, size);
  one.entries_ = {whole};
  one.entries_.front().begin = 0, one.entries_.front().end = size;
  return one;
}

SafetensorsFile SafetensorsFile::parse(std::string bytes, std::string label) {
  const std::uint64_t size = bytes.size();
  return parse_start(std::move(bytes), size, std::move(label));
}

SafetensorsFile SafetensorsFile::parse_start(std::string bytes, std::uint64_t file_size,
                                             std::string label) {
  SafetensorsFile file;
  file.label_ = std::move(label);
  file.file_ = std::move(bytes);
  const std::uint64_t length = header_length(file.file_, file_size, file.label_);
  const std::string_view header = std::string_view(file.file_).substr(sizeof(length), length);
  file.data_begin_ = sizeof(length) + length;
  SafetensorsHeader parsed = parse_safetensors_header(header, file.label_);
  file.metadata_ = std::move(parsed.metadata);
  file.entries_ = std::move(parsed.entries);
  const auto place = [](const SafetensorsEntry& e) { return std::tuple(e.begin, e.end); };
  std::ranges::stable_sort(file.entries_, {}, place);
  check_layout(file.entries_, file_size - file.data_begin_, file.label_);
  return file;
}

bool SafetensorsFile::contains(std::string_view name) const {
  return std::ranges::find(entries_, name, &SafetensorsEntry::name) != entries_.end();
}

const SafetensorsEntry& SafetensorsFile::entry(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &SafetensorsEntry::name);
  if (found == entries_.end())
    throw_error(Kind::TensorNotFound, label_, "there is no tensor " + printable(name));
  return *found;
}

std::span<const std::byte> SafetensorsFile::bytes(const SafetensorsEntry& entry) const {
  if (file_.size() < data_begin_ + entry.end)
    throw std::logic_error(label_ + ": only its header was read");
  return std::as_bytes(std::span(file_))
      .subspan(data_begin_ + entry.begin, entry.end - entry.begin);
}

void SafetensorsFile::fail(Kind kind, const SafetensorsEntry& entry,
                           std::string_view expected) const {
  const std::string shape = entry.shape.size() > 16
                                ? fmt::format("of {} sizes", entry.shape.size())
                                : fmt::format("({})", fmt::join(entry.shape, ","));
  throw_error(kind, label_,
              fmt::format("tensor {} has the dtype {} and the shape {}; {}", printable(entry.name),
                          to_string(entry.dtype), shape, expected));
}

autograd::Shape SafetensorsFile::shape(const SafetensorsEntry& entry) const {
  using autograd::Index;
  if (entry.shape.size() > 4)
    fail(Kind::UnsupportedShape, entry, "at most four sizes are supported");
  // A size of 0 must not hide the others: Shape::rows() multiplies them.
  Index room = std::numeric_limits<Index>::max();
  std::vector<Index> sizes;
  for (const std::uint64_t n : entry.shape) {
    if (n > static_cast<std::uint64_t>(room))
      fail(Kind::UnsupportedShape, entry,
           "the product of its sizes other than 0 must be below 2^63");
    sizes.push_back(static_cast<Index>(n));
    room /= std::max(Index{1}, sizes.back());
  }
  return autograd::Shape(sizes);
}

autograd::Tensor SafetensorsFile::tensor(std::string_view name) const {
  const SafetensorsEntry& stored = entry(name);
  const std::span<const std::byte> data = bytes(stored);
  switch (stored.dtype) {
    case Dtype::F32:
      return converted<float>(data, shape(stored), std::identity{});
    case Dtype::F64:
      return converted<double>(data, shape(stored), std::identity{});
    case Dtype::F16:
      return converted<std::uint16_t>(data, shape(stored), [](std::uint16_t x) {
        return static_cast<float>(Eigen::half(Eigen::half_impl::raw_uint16_to_half(x)));
      });
    case Dtype::BF16:  // the upper half of a float
      return converted<std::uint16_t>(
          data, shape(stored), [](std::uint32_t x) { return std::bit_cast<float>(x << 16); });
    default:
      fail(Kind::UnsupportedDtype, stored, "F16, BF16, F32 or F64 is wanted");
  }
}

std::vector<std::int32_t> SafetensorsFile::int32(std::string_view name) const {
  const SafetensorsEntry& stored = entry(name);
  std::vector<std::int32_t> values;
  const auto append = [&](auto x) {
    if (!std::in_range<std::int32_t>(x))
      fail(Kind::ValueOutOfRange, stored, fmt::format("its element {} is no 32-bit integer", x));
    values.push_back(static_cast<std::int32_t>(x));
  };
  if (stored.dtype == Dtype::I32)
    for_each_element<std::int32_t>(bytes(stored), append);
  else if (stored.dtype == Dtype::I64)
    for_each_element<std::int64_t>(bytes(stored), append);
  else
    fail(Kind::UnsupportedDtype, stored, "I32 or I64 is wanted");
  return values;
}

}  // namespace nn::inline LOWRANK_PRECISION
