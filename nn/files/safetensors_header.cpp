#include "nn/files/safetensors_header.h"
#include "nn/files/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace nn::inline LOWRANK_PRECISION {
namespace {

using nlohmann::json;
using Kind = SafetensorsError::Kind;

/// Receives the header's JSON event by event. A document tree would let a small hostile header take
/// a lot of memory and would hide keys that occur twice.
class HeaderHandler final : public nlohmann::json_sax<json> {
 public:
  explicit HeaderHandler(std::string_view label) : label_(label) {}

  SafetensorsHeader header;

  bool start_object(std::size_t) override {
    if (ignores_value()) return descend();
    if (place_ == Place::Document) return go_to(Place::Header);
    if (place_ != Place::Header) refuse("an object");
    if (name_ == metadata_key) return go_to(Place::Metadata);
    entry_ = Entry{};
    return go_to(Place::Tensor);
  }

  bool key(std::string& key) override {
    if (place_ == Place::Header) {
      name_ = key;
      if (!names_.insert(key).second) duplicate("the header", key);
    } else if (place_ == Place::Metadata) {
      metadata_name_ = key;
      if (header.metadata.contains(key)) duplicate(metadata_key, key);
    } else if (place_ == Place::Tensor) {
      field_ = key;
      if (!entry_.keys.insert(key).second) duplicate(tensor(), key);
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::Ignored) return ascend();
    if (place_ == Place::Tensor) finish_entry();
    return go_to(place_ == Place::Header ? Place::Document : Place::Header);
  }

  bool start_array(std::size_t) override {
    if (ignores_value()) return descend();
    if (place_ == Place::Tensor && field_ == "shape") return go_to(Place::Shape);
    if (place_ == Place::Tensor && field_ == "data_offsets") return go_to(Place::Offsets);
    refuse("an array");
  }

  bool end_array() override {
    if (place_ == Place::Ignored) return ascend();
    if (place_ == Place::Offsets && entry_.offsets.size() != 2) wrong_offset_count();
    return go_to(Place::Tensor);
  }

  bool string(std::string& text) override {
    if (ignores_value()) return true;
    if (place_ == Place::Metadata) {
      header.metadata[metadata_name_] = text;
    } else if (place_ == Place::Tensor && field_ == "dtype") {
      entry_.dtype = parse_dtype(text);
      if (!entry_.dtype) fail(tensor() + " has the unknown dtype " + printable(text));
    } else {
      refuse("the string " + printable(text));
    }
    return true;
  }

  bool number_unsigned(std::uint64_t value) override {
    if (ignores_value()) return true;
    if (place_ == Place::Shape) {
      entry_.shape.push_back(value);
    } else if (place_ == Place::Offsets) {
      if (entry_.offsets.size() == 2) wrong_offset_count();
      entry_.offsets.push_back(value);
    } else {
      refuse(fmt::format("the number {}", value));
    }
    return true;
  }

  // The reference takes "__metadata__": null for no metadata.
  bool null() override {
    return (place_ == Place::Header && name_ == metadata_key) || ignored_or_refused("null");
  }
  bool boolean(bool value) override { return ignored_or_refused(value ? "true" : "false"); }
  bool number_integer(std::int64_t) override { return ignored_or_refused("a negative number"); }
  bool number_float(double, const std::string& text) override {
    return ignored_or_refused("the number " + printable(text));
  }
  bool binary(json::binary_t&) override { return ignored_or_refused("binary data"); }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    fail(fmt::format("the header is not JSON at its byte {}", position));
  }

 private:
  enum class Place { Document, Header, Metadata, Tensor, Shape, Offsets, Ignored };

  struct Entry {
    std::set<std::string> keys;
    std::optional<Dtype> dtype;
    std::vector<std::uint64_t> shape;
    std::vector<std::uint64_t> offsets;
  };

  bool go_to(Place place) {
    place_ = place;
    return true;
  }

  bool ignores_value() const {
    return place_ == Place::Ignored || (place_ == Place::Tensor && field_ != "dtype" &&
                                        field_ != "shape" && field_ != "data_offsets");
  }

  // The depth that the reference's JSON parser allows.
  bool descend() {
    if (++ignored_depth_ > 125) fail(tensor() + " has a value nested deeper than 127 levels");
    return go_to(Place::Ignored);
  }

  bool ascend() { return --ignored_depth_ > 0 || go_to(Place::Tensor); }

  void finish_entry() {
    for (const char* field : {"dtype", "shape", "data_offsets"})
      if (!entry_.keys.contains(field)) fail(fmt::format("{} has no {}", tensor(), field));
    header.entries.push_back(
        {name_, *entry_.dtype, std::move(entry_.shape), entry_.offsets[0], entry_.offsets[1]});
  }

  std::string tensor() const { return "tensor " + printable(name_); }

  /// What the value would have to be at this place.
  std::string expected() const {
    switch (place_) {
      case Place::Document:
        return "the header must be an object";
      case Place::Header:
        return name_ == metadata_key ? "__metadata__ must be an object"
                                     : tensor() + " must be an object";
      case Place::Metadata:
        return "the value of " + printable(metadata_name_) + " in __metadata__ must be a string";
      case Place::Tensor:
        return tensor() + ": " + field_ + " must be " +
               (field_ == "dtype" ? "a string" : "an array");
      case Place::Shape:
        return tensor() + ": a size must be a whole number below 2^64";
      default:
        return tensor() + ": an offset must be a whole number below 2^64";
    }
  }

  bool ignored_or_refused(std::string_view found) const {
    if (!ignores_value()) refuse(found);
    return true;
  }

  [[noreturn]] void refuse(std::string_view found) const {
    fail(fmt::format("{}, not {}", expected(), found));
  }
  [[noreturn]] void wrong_offset_count() const {
    fail(tensor() + ": data_offsets must be two numbers, [begin, end]");
  }
  [[noreturn]] void duplicate(std::string_view object, std::string_view key) const {
    throw_error(Kind::DuplicateKey, label_,
                fmt::format("{} has the key {} twice", object, printable(key)));
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw_error(Kind::InvalidHeaderDeserialization, label_, what);
  }

  std::string_view label_;
  Place place_ = Place::Document;
  std::set<std::string> names_;
  std::string name_;           ///< the current key of the header: a tensor or __metadata__
  std::string metadata_name_;  ///< the current key of __metadata__
  std::string field_;          ///< the current key of a tensor's entry
  Entry entry_;
  int ignored_depth_ = 0;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, std::string_view label) {
  if (!is_utf8(text)) throw_error(Kind::InvalidHeader, label, "the header must be UTF-8");
  // The JSON parser would skip a byte order mark and take NUL for the end of the text.
  if (text.starts_with("\xEF\xBB\xBF"))
    throw_error(Kind::InvalidHeaderDeserialization, label,
                "the header begins with a byte order mark");
  if (const auto nul = text.find('\0'); nul != text.npos)
    throw_error(
        Kind::InvalidHeaderDeserialization, label,
        fmt::format("the header has a NUL at its byte {}, where only spaces may fill it up", nul));

  HeaderHandler handler(label);
  json::sax_parse(text.begin(), text.end(), &handler);
  return std::move(handler.header);
}

}  // namespace nn::inline LOWRANK_PRECISION
