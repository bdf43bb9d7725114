#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/tensor.h"
#include "nn/files/dtype.h"

/// The safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length
/// N of the header, little-endian; N bytes of JSON, which gives each tensor's dtype, shape and
/// place; the tensors' bytes, row-major, little-endian, without gaps.
namespace nn::inline LOWRANK_PRECISION {

/// What is wrong with a file or a request. The message is one line: the file, the kind's name, the
/// tensor, what was expected. Up to MetadataIncompleteBuffer the kinds are those of the reference
/// implementation, found in its order.
class SafetensorsError : public std::runtime_error {
 public:
  enum class Kind {
    HeaderTooSmall,                ///< less than the eight bytes of the length
    HeaderTooLarge,                ///< a length above 100,000,000
    InvalidHeaderLength,           ///< a header that passes the end of the file
    InvalidHeader,                 ///< a header, or a name to be written, that is not UTF-8
    InvalidHeaderDeserialization,  ///< a header that is not JSON of the form that is wanted
    DuplicateKey,                  ///< a name twice in one object
    InvalidOffset,             ///< a gap or an overlap between tensors, or an end before a begin
    ValidationOverflow,        ///< a shape whose size in bits is no 64-bit number
    MisalignedSlice,           ///< a tensor of F4 or F6 that does not fill whole bytes
    TensorInvalidInfo,         ///< a tensor with another number of bytes than its shape asks for
    MetadataIncompleteBuffer,  ///< a file that is longer or shorter than its tensors
    TensorNotFound,            ///< a name that is asked for and not there
    UnsupportedDtype,          ///< a dtype that the caller's type cannot hold
    UnsupportedShape,          ///< a shape that autograd::Tensor cannot have
    ValueOutOfRange,           ///< an integer that does not fit into the caller's type
    InvalidTensorView,         ///< a tensor to be written whose bytes do not fit its shape
    ReservedName,              ///< a tensor to be written that is called "__metadata__"
  };

  SafetensorsError(Kind kind, const std::string& message)
      : std::runtime_error(message), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

std::string_view to_string(SafetensorsError::Kind kind);

/// One tensor of a file: its bytes are [begin, end), counted from the end of the header.
struct SafetensorsEntry {
  std::string name;
  Dtype dtype = Dtype::F32;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

bool has_shape(const SafetensorsEntry& entry, const autograd::Shape& shape);

/// A file that has passed every check of the format. Stricter than the reference in one point:
/// a key that stands twice in one object is an error. Like the reference it ignores keys of an
/// entry that the format does not know, and accepts white space around the header's JSON.
class SafetensorsFile {
 public:
  /// Throws FileError if the file cannot be read, SafetensorsError if it is not what it should be.
  static SafetensorsFile read(const std::filesystem::path& path);
  /// The same of what the header says, without reading the data, which may be gigabytes: bytes(),
  /// tensor() and int32() throw std::logic_error.
  static SafetensorsFile read_header(const std::filesystem::path& path);
  /// Of the file at `path`, whose header this is, one tensor with its data and nothing else. Throws
  /// as entry(), and FileError. So a model of gigabytes is read without a second one in memory.
  SafetensorsFile read_one(const std::filesystem::path& path, std::string_view name) const;
  /// The same for the bytes of a file; `label` stands for the path in messages.
  static SafetensorsFile parse(std::string bytes, std::string label);

  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }  ///< as they lie
  bool contains(std::string_view name) const;
  const SafetensorsEntry& entry(std::string_view name) const;  ///< throws TensorNotFound

  /// The tensor as stored; valid as long as the file.
  std::span<const std::byte> bytes(const SafetensorsEntry& entry) const;
  /// Where in the file the entries' places are counted from.
  std::uint64_t data_begin() const { return data_begin_; }

  /// A tensor of F16, BF16, F32 or F64 with at most four sizes. Values are rounded to Scalar where
  /// it is narrower; the same type comes back bit for bit.
  autograd::Tensor tensor(std::string_view name) const;

  /// The elements of a tensor of I32, or of I64 if each fits, in row-major order.
  std::vector<std::int32_t> int32(std::string_view name) const;

 private:
  static SafetensorsFile parse_start(std::string bytes, std::uint64_t file_size, std::string label);
  autograd::Shape shape(const SafetensorsEntry& entry) const;  ///< throws UnsupportedShape
  [[noreturn]] void fail(SafetensorsError::Kind kind, const SafetensorsEntry& entry,
                         std::string_view expected) const;

  std::string label_;
  std::string file_;
  std::uint64_t data_begin_ = 0;
  std::map<std::string, std::string> metadata_;
  std::vector<SafetensorsEntry> entries_;
};

/// Collects tensors and writes them as one file. Equal contents give equal bytes, in whatever order
/// they were added: widest dtype first, then by name; metadata by key; the header filled up with
/// spaces so that the data begin at a multiple of 8.
class SafetensorsWriter {
 public:
  std::map<std::string, std::string> metadata;  ///< the header's "__metadata__"; UTF-8

  /// Adds a tensor whose elements lie in `bytes`, row-major and little-endian. Throws
  /// SafetensorsError: DuplicateKey, ReservedName, InvalidHeader (the name is not UTF-8),
  /// InvalidTensorView, ValidationOverflow or MisalignedSlice.
  void add(const std::string& name, Dtype dtype, std::vector<std::uint64_t> shape,
           std::string bytes);
  /// The same for a tensor of the engine. F32 holds a float exactly and rounds a double; a `stored`
  /// other than F32 and F64 is UnsupportedDtype.
  void add(const std::string& name, const autograd::Tensor& tensor, Dtype stored = Dtype::F32);
  /// The same for integers, as I32.
  void add(const std::string& name, std::span<const std::int32_t> values,
           std::vector<std::uint64_t> shape);

  /// The file. Throws InvalidHeader for metadata that are not UTF-8, HeaderTooLarge.
  std::string bytes() const;

  /// Replaces the file at `path` whole or not at all; throws also FileError.
  void write(const std::filesystem::path& path) const;

 private:
  struct Item {
    Dtype dtype;
    std::vector<std::uint64_t> shape;
    std::string bytes;
  };
  using Items = std::map<std::string, Item>;
  std::vector<const Items::value_type*> in_order_of_the_file() const;
  std::string header() const;

  Items items_;
};

}  // namespace nn::inline LOWRANK_PRECISION
