#include "experiments/cli/attention_maps.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "data/vocabulary.h"
#include "experiments/report/figures.h"
#include "nn/files/file.h"

namespace experiments::cli {

// One head's columns of q and k, (T,hs) each.
static nn::Matrix causal_softmax(const nn::Matrix& q, const nn::Matrix& k) {
  nn::Matrix weights = q * k.transpose() / std::sqrt(static_cast<nn::Scalar>(q.cols()));
  for (nn::Index i = 0; i < weights.rows(); ++i) {
    auto seen = weights.row(i).head(i + 1);
    seen = (seen.array() - seen.maxCoeff()).exp().matrix().eval();
    seen /= seen.sum();
    weights.row(i).tail(weights.cols() - i - 1).setZero();
  }
  return weights;
}

std::vector<AttentionMap> attention_maps(nn::Decoder& model, const std::vector<int>& tokens) {
  const nn::Tokens row{1, static_cast<nn::Index>(tokens.size()), tokens};
  nn::Tape tape(autograd::TapeMode::everything);
  model.logits({tape}, row, nn::all_positions(row));
  std::vector<AttentionMap> maps;
  int block = 0;
  for (int id = 0; id < tape.size(); ++id) {
    const autograd::Node& node = tape.node(id);
    if (std::string_view(node.op_name) != "attention") continue;
    const nn::Matrix& q = tape.node(node.inputs[0]).value->m;
    const nn::Matrix& k = tape.node(node.inputs[1]).value->m;
    const nn::Index hs = q.cols() / model.config.heads;
    for (nn::Index head = 0; head < model.config.heads; ++head)
      maps.push_back({block, static_cast<int>(head),
                      causal_softmax(q.middleCols(head * hs, hs), k.middleCols(head * hs, hs))});
    ++block;
  }
  return maps;
}

std::string attention_csv(const std::string& model, const std::vector<AttentionMap>& maps,
                          const std::vector<std::string>& words) {
  std::string csv;
  for (const AttentionMap& map : maps)
    for (nn::Index i = 0; i < map.weights.rows(); ++i)
      for (nn::Index j = 0; j <= i; ++j)
        csv += fmt::format("{},{},{},{},{},{},{},{:.5f}\n", model, map.block, map.head, i, j,
                           words[static_cast<std::size_t>(i)], words[static_cast<std::size_t>(j)],
                           map.weights(i, j));
  return csv;
}

/// Written by the build from experiments/cli/attention.gp (cmake/embed_text.cmake).
std::string_view attention_script();

std::string write_attention(const std::filesystem::path& folder, nn::Decoder& base,
                            nn::Decoder* adapted, const std::vector<int>& tokens) {
  std::vector<std::string> words;
  for (const int id : tokens) words.push_back(data::vocabulary().text(std::vector{id}));
  std::string csv = "model,block,head,query,key,query_word,key_word,weight\n" +
                    attention_csv("base", attention_maps(base, tokens), words);
  if (adapted != nullptr) csv += attention_csv("adapted", attention_maps(*adapted, tokens), words);
  nn::create_folders(folder);
  nn::write_file_atomically(folder / "attention.csv", csv);

  return draw_aside("attention", attention_script(), "attention.csv", csv,
                    folder / "attention.svg");
}

}  // namespace experiments::cli
