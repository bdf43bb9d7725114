#include "nn/recurrent/recurrent_lm_file.h"

#include "nn/files/config_members.h"
#include "nn/files/model_file.h"

namespace nn::inline LOWRANK_PRECISION {

std::string to_json(const RecurrentLmConfig& c) {
  return Json{
      {"architecture", to_string(c.kind)},
      {"vocabulary", c.vocabulary},
      {"context", c.context},
      {"hidden", c.hidden},
      {"layers", c.layers},
      {"embedding_stddev", c.embedding_stddev},
  }
      .dump();
}

RecurrentLmConfig recurrent_lm_config_from_json(std::string_view text) {
  ConfigMembers members(text);
  RecurrentLmConfig c;
  c.kind = members.take_first_of("architecture", "lstm", "gru") ? RecurrentKind::lstm
                                                                : RecurrentKind::gru;
  members.take("vocabulary", c.vocabulary);
  members.take("context", c.context);
  members.take("hidden", c.hidden);
  members.take("layers", c.layers);
  members.take("embedding_stddev", c.embedding_stddev);
  members.finish();
  return valid(c);
}

Shapes parameter_shapes(const RecurrentLmConfig& c) {
  Shapes shapes{{"tok.weight", {c.vocabulary, c.hidden}},
                {"head.weight", {c.vocabulary, c.hidden}}};
  const Index stacked = gates(c.kind) * c.hidden;
  for (Index k = 0; k < c.layers; ++k)
    for (const char* slot : {"ih", "hh"}) {
      const std::string name = fmt::format("rnn.{}_l{}", slot, k);
      shapes[name + ".weight"] = {stacked, c.hidden};
      shapes[name + ".bias"] = {stacked};
    }
  return shapes;
}

void save_checkpoint(const std::filesystem::path& path, RecurrentLm& model, const Metadata& extra) {
  save_model_file(path, model, parameter_shapes(model.config), to_json(model.config), extra);
}

std::unique_ptr<RecurrentLm> load_recurrent_lm(const std::filesystem::path& path) {
  return load_model_file<RecurrentLm>(path, recurrent_lm_config_from_json);
}

}  // namespace nn::inline LOWRANK_PRECISION
