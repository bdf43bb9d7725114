#include "lora/variants/lora_embedding.h"

#include "nn/half.h"

namespace lora::inline LOWRANK_PRECISION {

LoraEmbedding::LoraEmbedding(nn::Embedding& table, const LoraSpec& given, std::uint64_t seed,
                             const std::string& name)
    : nn::Embedding(0, 0, 0, seed, name), spec(given) {
  const Index V = nn::shape(table.weight).rows(), C = nn::shape(table.weight).cols();
  check(spec, V, C, name);
  weight = std::move(table.weight);
  weight.trainable = false;
  weight.free_grad();
  A.value = Tensor({spec.rank, V});
  B.value = nn::Random(seed, name + ".lora_embedding_B").normal({C, spec.rank}, 1);
}

Var LoraEmbedding::forward(const Pass& pass, std::span<const int> ids) {
  const Var w0 = nn::rows(pass, weight, ids);  // (n,C)
  const Var columns = autograd::transpose(pass.tape.parameter(A));
  const Var a = autograd::take_rows(columns, ids);  // (n,r)
  return autograd::add_matmul_nt(w0, autograd::scale(a, scale()), pass.tape.parameter(B));
}

Eigen::MatrixXd LoraEmbedding::merged() const {
  const Eigen::MatrixXd a = A.value.m.cast<double>(), b = B.value.m.cast<double>();
  return nn::in_full(weight).m.cast<double>() + scale() * a.transpose().lazyProduct(b.transpose());
}

void LoraEmbedding::visit(const std::string& prefix, const Visitor& fn) {
  nn::Embedding::visit(prefix, fn);
  fn(nn::join(prefix, "lora_embedding_A"), A);
  fn(nn::join(prefix, "lora_embedding_B"), B);
}

}  // namespace lora::inline LOWRANK_PRECISION
