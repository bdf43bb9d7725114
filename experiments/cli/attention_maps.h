#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/namespaces.h"
#include "nn/transformer.h"

namespace experiments::cli {

/// How much each query of one head takes from each key: softmax(q kᵀ / √hs), (T,T), row i for query
/// i, zero to the right of the diagonal.
struct AttentionMap {
  int block = 0, head = 0;
  nn::Matrix weights;
};

/// The maps of every block and head for one row of tokens, in the model's order. They are computed
/// from the q and k that a forward pass leaves on a tape which keeps everything: the fast attention
/// keeps no weights.
std::vector<AttentionMap> attention_maps(nn::Decoder& model, const std::vector<int>& tokens);

/// A line model,block,head,query,key,query_word,key_word,weight for each weight that the mask
/// allows; `model` is what the maps are called.
std::string attention_csv(const std::string& model, const std::vector<AttentionMap>& maps,
                          const std::vector<std::string>& words);

/// Writes DIR/attention.csv with the maps of the base and, where there is one, of the adapted
/// model, and draws them as DIR/attention.svg. Returns why they are not drawn, or "".
std::string write_attention(const std::filesystem::path& folder, nn::Decoder& base,
                            nn::Decoder* adapted, const std::vector<int>& tokens);

}  // namespace experiments::cli
