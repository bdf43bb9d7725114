#pragma once

#include <filesystem>

#include "experiments/finetune/text_batch.h"
#include "nn/models/model_folder.h"

/// Small checkpoints of the tests, and texts of uneven length for them.
namespace small_texts {

inline std::filesystem::path folder(const std::string& name) {
  return std::filesystem::path(LOWRANK_SOURCE_DIR) / "tests" / "data" / "models" / name;
}

/// The model without dropout, so that nothing is drawn.
inline std::unique_ptr<nn::Pretrained> model(const std::string& name) {
  return nn::ModelFolder(folder(name)).load();
}

/// Texts with labels or, for a causal model, with something to go on with.
inline std::vector<experiments::finetune::Text> texts(const nn::Pretrained& model, int count,
                                                      std::uint64_t seed = 1) {
  nn::Random random(seed, "test.texts");
  std::vector<experiments::finetune::Text> texts;
  for (int i = 0; i < count; ++i) {
    experiments::finetune::Text text;
    const auto length =
        3 + static_cast<int>(random.below(static_cast<std::uint64_t>(model.context() - 2)));
    for (int t = 0; t < length; ++t)
      text.ids.push_back(
          2 + static_cast<int>(random.below(static_cast<std::uint64_t>(model.vocabulary() - 2))));
    if (model.head == nn::Head::classifier)
      text.label = static_cast<int>(random.below(static_cast<std::uint64_t>(model.sizes.labels)));
    else
      text.first_target =
          1 + static_cast<int>(random.below(static_cast<std::uint64_t>(length - 1)));
    texts.push_back(text);
  }
  return texts;
}

inline std::vector<const experiments::finetune::Text*> rows(
    const std::vector<experiments::finetune::Text>& texts) {
  std::vector<const experiments::finetune::Text*> rows;
  for (const auto& text : texts) rows.push_back(&text);
  return rows;
}

}  // namespace small_texts
