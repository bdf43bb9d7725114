#include "lora/variants/prompt_table.h"

#include <fmt/format.h>

#include <array>

#include "nn/half.h"

namespace lora::inline LOWRANK_PRECISION {

PromptTable::PromptTable(nn::Embedding& table, Tensor rows) : nn::Embedding(0, 0, 0, 0, "") {
  if (rows.rows() < 1 || rows.cols() != nn::shape(table.weight).cols())
    throw std::invalid_argument(fmt::format("a prompt of {} for a table of {}", rows.shape.str(),
                                            nn::shape(table.weight).str()));
  weight = std::move(table.weight);
  weight.trainable = false;
  weight.free_grad();
  prompt.value = std::move(rows);
}

// Words and rows of the prompt are looked up apart, and then put into the order of the ids.
Var PromptTable::forward(const Pass& pass, std::span<const int> ids) {
  const auto V = static_cast<int>(nn::shape(weight).rows());
  std::vector<int> words, rows, order;
  for (const int id : ids) (id < V ? words : rows).push_back(id < V ? id : id - V);
  if (rows.empty()) return nn::rows(pass, weight, ids);
  const Var of_prompt = autograd::take_rows(pass.tape.parameter(prompt), rows);
  if (words.empty()) return of_prompt;
  int next_word = 0, next_row = static_cast<int>(words.size());
  for (const int id : ids) order.push_back(id < V ? next_word++ : next_row++);
  const std::array parts{nn::rows(pass, weight, words), of_prompt};
  return autograd::take_rows(autograd::concat_rows(parts), order);
}

void PromptTable::visit(const std::string& prefix, const Visitor& fn) {
  nn::Embedding::visit(prefix, fn);
  fn(nn::join(prefix, "prompt_embeddings"), prompt);
}

}  // namespace lora::inline LOWRANK_PRECISION
