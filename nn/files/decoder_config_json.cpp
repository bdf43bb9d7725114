#include <fmt/format.h>

#include <utility>

#include "nn/files/checkpoint.h"
#include "nn/files/json.h"
#include "nn/files/safetensors_header.h"

namespace nn::inline LOWRANK_PRECISION {
namespace {

using autograd::Gelu;

/// Takes the members of an object one after the other; what is left over is unknown.
class Members {
 public:
  explicit Members(std::string_view text) {
    try {
      object_ = parse_json_object(text);
    } catch (const std::invalid_argument& error) {
      throw CheckpointError(fmt::format("the configuration {}", error.what()));
    }
  }

  void take(const char* name, Index& value) {
    const Json member = take(name);
    const bool fits = member.is_number_unsigned()
                          ? std::in_range<Index>(member.get<std::uint64_t>())
                          : member.is_number_integer();
    if (!fits) wrong(name, member, "a whole number below 2^63");
    value = member.get<Index>();
  }
  void take(const char* name, double& value) {
    const Json member = take(name);
    if (!member.is_number()) wrong(name, member, "a number");
    value = member.get<double>();
  }
  void take(const char* name, bool& value) {
    const Json member = take(name);
    if (!member.is_boolean()) wrong(name, member, "true or false");
    value = member.get<bool>();
  }
  void take(const char* name, Gelu& value) {
    const Json member = take(name);
    if (member != "erf" && member != "tanh") wrong(name, member, "\"erf\" or \"tanh\"");
    value = member == "erf" ? Gelu::erf : Gelu::tanh;
  }

  void finish() const {
    if (!object_.empty())
      throw CheckpointError("the configuration has the unknown member " +
                            printable(object_.begin().key()));
  }

 private:
  Json take(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end())
      throw CheckpointError(fmt::format("the configuration has no \"{}\"", name));
    Json member = std::move(*found);
    object_.erase(found);
    return member;
  }

  [[noreturn]] static void wrong(const char* name, const Json& member, const char* wanted) {
    throw CheckpointError(
        fmt::format("\"{}\" of the configuration must be {}, not {}", name, wanted, shown(member)));
  }

  Json object_;
};

}  // namespace

std::string to_json(const DecoderConfig& c) {
  return Json{
      {"vocabulary", c.vocabulary},
      {"context", c.context},
      {"d_model", c.d_model},
      {"layers", c.layers},
      {"heads", c.heads},
      {"d_mlp", c.d_mlp},
      {"tied", c.tied},
      {"gelu", c.gelu == Gelu::erf ? "erf" : "tanh"},
      {"embedding_stddev", c.embedding_stddev},
      {"dropout", c.dropout},
  }
      .dump();
}

DecoderConfig decoder_config_from_json(std::string_view text) {
  Members members(text);
  DecoderConfig c;
  members.take("vocabulary", c.vocabulary);
  members.take("context", c.context);
  members.take("d_model", c.d_model);
  members.take("layers", c.layers);
  members.take("heads", c.heads);
  members.take("d_mlp", c.d_mlp);
  members.take("tied", c.tied);
  members.take("gelu", c.gelu);
  members.take("embedding_stddev", c.embedding_stddev);
  members.take("dropout", c.dropout);
  members.finish();
  try {
    validate(c);
  } catch (const std::invalid_argument& error) {
    throw CheckpointError(fmt::format("the configuration makes no model: {}", error.what()));
  }
  return c;
}

}  // namespace nn::inline LOWRANK_PRECISION
