#include "nn/models/to_gpt2.h"

#include <fmt/format.h>

#include <map>

#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/files/safetensors.h"
#include "nn/models/model_folder.h"

namespace nn::inline LOWRANK_PRECISION {

namespace {

// "blocks.1.attn.k" as "transformer.h.1." and "attn.k"; nothing where it is in no block.
std::optional<std::pair<std::string, std::string>> in_block(const std::string& name) {
  const std::string front = "blocks.";
  const std::size_t end = name.find('.', front.size());
  if (!name.starts_with(front) || end == std::string::npos) return {};
  return std::pair{fmt::format("transformer.h.{}.", name.substr(front.size(), end - front.size())),
                   name.substr(end + 1)};
}

// Where each parameter of the decoder is stored: GPT-2's matrices are (in,out), of which q, k and v
// are C columns each.
Stored place_of(const std::string& parameter, const Shape& shape, Index C) {
  static const std::map<std::string, std::string> outside{
      {"tok.weight", "transformer.wte.weight"},
      {"pos.weight", "transformer.wpe.weight"},
      {"ln_f.weight", "transformer.ln_f.weight"},
      {"ln_f.bias", "transformer.ln_f.bias"},
      {"head.weight", "lm_head.weight"}};
  if (const auto found = outside.find(parameter); found != outside.end())
    return {found->second, shape};
  const auto [part, which] = [&] {
    const std::size_t dot = parameter.rfind('.');
    return std::pair{parameter.substr(0, std::min(dot, parameter.size())),
                     parameter.substr(std::min(dot + 1, parameter.size()))};
  }();
  const auto block = in_block(part);
  for (const auto& [ours, theirs] : {std::pair{"ln1", "ln_1"}, {"ln2", "ln_2"}})
    if (block && block->second == ours && (which == "weight" || which == "bias"))
      return {block->first + theirs + "." + which, shape};
  const Gpt2Place place = gpt2_place(part, C);
  const bool fused = place.name.ends_with("c_attn");
  const std::string stored = place.name + "." + which;
  if (which == "bias" && shape.rank() == 1)
    return {stored, {fused ? 3 * C : shape[0]}, false, place.begin, fused ? C : 0};
  if (which == "weight" && shape.rank() == 2)
    return {stored, {shape[1], fused ? 3 * C : shape[0]}, true, place.begin, fused ? C : 0};
  throw std::invalid_argument(fmt::format("GPT-2 has no place for {}", parameter));
}

std::string config_of_gpt2(const DecoderConfig& c, std::optional<int> end) {
  const Json end_id = end ? Json(*end) : Json();
  const Json config{{"architectures", Json::array({"GPT2LMHeadModel"})},
                    {"model_type", "gpt2"},
                    {"vocab_size", c.vocabulary},
                    {"n_positions", c.context},
                    {"n_embd", c.d_model},
                    {"n_layer", c.layers},
                    {"n_head", c.heads},
                    {"n_inner", c.d_mlp},
                    {"activation_function", c.gelu == autograd::Gelu::erf ? "gelu" : "gelu_new"},
                    {"layer_norm_epsilon", layernorm_eps},
                    {"embd_pdrop", c.dropout},
                    {"resid_pdrop", c.dropout},
                    {"attn_pdrop", 0.0},
                    {"tie_word_embeddings", c.tied},
                    {"bos_token_id", end_id},
                    {"eos_token_id", end_id},
                    {"dtype", "float32"}};
  return config.dump(2) + "\n";
}

}  // namespace

Gpt2Place gpt2_place(const std::string& projection, Index width) {
  static const std::map<std::string, std::pair<const char*, int>> places{
      {"attn.q", {"attn.c_attn", 0}}, {"attn.k", {"attn.c_attn", 1}},
      {"attn.v", {"attn.c_attn", 2}}, {"attn.o", {"attn.c_proj", 0}},
      {"mlp.up", {"mlp.c_fc", 0}},    {"mlp.down", {"mlp.c_proj", 0}}};
  const auto block = in_block(projection);
  const auto found = block ? places.find(block->second) : places.end();
  if (found == places.end())
    throw std::invalid_argument(fmt::format("GPT-2 has no place for {}", projection));
  return {block->first + found->second.first, found->second.second * width};
}

void write_gpt2(const std::filesystem::path& folder, Decoder& model, std::optional<int> end) {
  StoredParameters stored;
  std::map<std::string, const Tensor*> values;
  model.visit("", [&](const std::string& name, Parameter& p) {
    stored[name] = place_of(name, p.value.shape, model.config.d_model);
    values[name] = &p.value;
  });
  SafetensorsWriter file;
  file.metadata = {{"format", "pt"}};
  for (const auto& [name, tensor] : as_stored(stored, values)) file.add(name, tensor);
  create_folders(folder);
  file.write(folder / "model.safetensors");
  write_file_atomically(folder / "config.json", config_of_gpt2(model.config, end));
}

}  // namespace nn::inline LOWRANK_PRECISION
