#include <fmt/format.h>

#include <algorithm>

#include "lora/interop/attach.h"
#include "lora/interop/model_places.h"
#include "lora/variants/lora_embedding.h"
#include "lora/variants/variant.h"
#include "nn/models/model_folder.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

/// The weights of a model with its adapter in them.
class Merged {
 public:
  explicit Merged(nn::Pretrained& model) : stored_(model.stored) {
    if (model.sizes.prompt > 0)
      throw std::invalid_argument(
          "a prompt stands before a text and cannot be merged into weights");
    model.visit("", [&](const std::string& name, Parameter& p) {
      if (!is_factor(name)) values_[name_in_base(name)] = p.full();
    });
    model.visit_slots("", [&](const std::string& name, std::unique_ptr<nn::Projection>& slot) {
      if (auto* layer = dynamic_cast<LoraLinear*>(slot.get()))
        put(name, layer->w0().m.cast<double>() + layer->delta());
      if (auto* layer = dynamic_cast<Variant*>(slot.get())) put(name, layer->merged());
    });
    model.visit_tables([&](const std::string& name, std::unique_ptr<nn::Embedding>& table) {
      if (auto* layer = dynamic_cast<LoraEmbedding*>(table.get())) put(name, layer->merged());
    });
  }

  const Folded& folded() const { return folded_; }

  std::map<std::string, Tensor> checkpoint() const {
    std::map<std::string, const Tensor*> pointers;
    for (const auto& [name, tensor] : values_) pointers[name] = &tensor;
    return nn::as_stored(stored_, pointers);
  }

 private:
  void put(const std::string& name, const Eigen::MatrixXd& exact) {
    const Tensor& value = values_[name + ".weight"] = rounded(exact);
    const Eigen::ArrayXXd error = (value.m.cast<double>() - exact).array().abs();
    const Eigen::ArrayXXd size = exact.array().abs();
    const double relative = (size > 0).select(error / size, 0.0).maxCoeff();
    folded_.error.absolute = std::max(folded_.error.absolute, error.maxCoeff());
    folded_.error.relative = std::max(folded_.error.relative, relative);
    ++folded_.matrices;
    if (!value.m.allFinite())
      throw NonFiniteMerge(fmt::format("merging {} would give a weight that is not finite", name));
  }

  const nn::StoredParameters& stored_;
  std::map<std::string, Tensor> values_;
  Folded folded_;
};

}  // namespace

std::map<std::string, Tensor> merged_checkpoint(nn::Pretrained& model) {
  return Merged(model).checkpoint();
}

namespace {

/// The tensors of a checkpoint that is in memory.
class MergedWeights final : public nn::Weights {
 public:
  explicit MergedWeights(const std::map<std::string, Tensor>& tensors) : tensors_(tensors) {}

 private:
  Tensor read(const std::string& name, const nn::Shape&) override { return tensors_.at(name); }
  const std::map<std::string, Tensor>& tensors_;
};

}  // namespace

Folded fold(nn::Pretrained& model) {
  const Merged merged(model);
  model.visit_tables([&](const std::string& name, std::unique_ptr<nn::Embedding>& table) {
    if (!dynamic_cast<LoraEmbedding*>(table.get())) return;
    if (is_tied(model) && name == word_table(model))
      throw std::invalid_argument(fmt::format(
          "the head is tied to {}: merging LoRA into it would change the head too", name));
    if (name.ends_with(
            "rel_embeddings"))  // DeBERTa reads its weight, and nothing is looked up in it
      throw std::invalid_argument(fmt::format(
          "LoRA on {} does nothing before it is merged, and would do something after", name));
  });
  model.visit_slots("", [](const std::string&, std::unique_ptr<nn::Projection>& slot) {
    if (auto* layer = dynamic_cast<LoraLinear*>(slot.get())) {
      std::unique_ptr<nn::Linear> base = std::move(layer->base);
      slot = std::move(base);
    } else if (auto* variant = dynamic_cast<Variant*>(slot.get())) {
      std::unique_ptr<nn::Linear> base = variant->take_linear();
      slot = std::move(base);
    }
  });
  model.visit_tables([](const std::string& name, std::unique_ptr<nn::Embedding>& table) {
    if (!dynamic_cast<LoraEmbedding*>(table.get())) return;
    auto plain = std::make_unique<nn::Embedding>(0, 0, 0, 0, name);
    plain->weight = std::move(table->weight);
    table = std::move(plain);
  });
  const std::map<std::string, Tensor> checkpoint = merged.checkpoint();
  MergedWeights weights(checkpoint);
  model.visit("", [&](const std::string& name, Parameter& p) {
    p.set(weights.take(name, model.stored.at(name)));
    p.trainable = true;
  });
  nn::name_parameters(model);
  return merged.folded();
}

}  // namespace lora::inline LOWRANK_PRECISION
