#include "nn/files/checkpoint.h"
#include "nn/files/config_members.h"

namespace nn::inline LOWRANK_PRECISION {

using autograd::Gelu;

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
  ConfigMembers members(text);
  if (members.has("architecture"))
    throw CheckpointError("the configuration names another architecture: it is no decoder's");
  DecoderConfig c;
  members.take("vocabulary", c.vocabulary);
  members.take("context", c.context);
  members.take("d_model", c.d_model);
  members.take("layers", c.layers);
  members.take("heads", c.heads);
  members.take("d_mlp", c.d_mlp);
  members.take("tied", c.tied);
  c.gelu = members.take_first_of("gelu", "erf", "tanh") ? Gelu::erf : Gelu::tanh;
  members.take("embedding_stddev", c.embedding_stddev);
  members.take("dropout", c.dropout);
  members.finish();
  return valid(c);
}

}  // namespace nn::inline LOWRANK_PRECISION
