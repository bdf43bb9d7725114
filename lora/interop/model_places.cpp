#include "lora/interop/model_places.h"

#include <fmt/format.h>

#include "lora/variants/variant.h"

namespace lora::inline LOWRANK_PRECISION {

std::vector<Place> places_of(nn::Pretrained& model) {
  std::vector<Place> places;
  model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
    const auto stored = model.stored.find(name + ".weight");
    if (stored != model.stored.end() && stored->second.rows > 0)
      throw std::invalid_argument(fmt::format(
          "{} is a piece of {}, of which adapters are made whole: load the model without "
          "split_c_attn",
          name, stored->second.name));
    places.push_back({name, slot->in_features(), slot->out_features()});
  });
  model.visit_tables([&](const std::string& name, std::unique_ptr<nn::Embedding>& table) {
    const nn::Shape shape = nn::shape(table->weight);
    places.push_back({name, shape.rows(), shape.cols(), /*is_table=*/true});
  });
  return places;
}

void check_has_no_adapter(nn::Pretrained& model) {
  model.visit("", [&](const std::string& name, Parameter&) {
    if (!model.stored.contains(name))
      throw std::invalid_argument(fmt::format("the model has an adapter already: {}", name));
  });
}

std::string word_table(nn::Pretrained& model) {
  std::string first;
  model.visit_tables([&](const std::string& name, std::unique_ptr<nn::Embedding>&) {
    if (first.empty()) first = name;
  });
  return first;
}

bool is_tied(const nn::Pretrained& model) {
  return model.head == nn::Head::masked ||
         (model.head == nn::Head::causal && !model.stored.contains("lm_head.weight"));
}

nn::Linear& linear_in(nn::Projection& slot) {
  if (auto* linear = dynamic_cast<nn::Linear*>(&slot)) return *linear;
  if (auto* layer = dynamic_cast<LoraLinear*>(&slot)) return *layer->base;
  if (auto* layer = dynamic_cast<Variant*>(&slot)) return layer->linear();
  throw std::logic_error("a projection is wrapped by what is no adapter of this library");
}

bool is_factor(const std::string& name) {
  for (const char* factor :
       {".lora_A", ".lora_B", ".lora_E", ".lora_magnitude_vector", ".vera_lambda_b",
        ".vera_lambda_d", ".lora_embedding_A", ".lora_embedding_B", ".prompt_embeddings"})
    if (name.ends_with(factor)) return true;
  return false;
}

std::string name_in_base(std::string name) {
  if (const auto at = name.rfind(".base."); at != std::string::npos) name.erase(at, 5);
  return name;
}

}  // namespace lora::inline LOWRANK_PRECISION
