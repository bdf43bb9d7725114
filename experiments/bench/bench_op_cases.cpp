#include "experiments/bench/bench_op_cases.h"

namespace experiments::bench {

using autograd::Shape, autograd::Var;

Var OpInputs::operator()(const std::string& name, Shape of) {
  auto& parameter = parameters_[name];
  if (!parameter)
    parameter = std::make_unique<autograd::Parameter>(
        autograd::Parameter{name, nn::Random(0, "bench.ops." + name).uniform(of, 0.5, 1.5)});
  return tape_.parameter(*parameter);
}

const std::vector<int>& OpInputs::ids() {
  nn::Random random(0, "bench.ops.ids");
  while (ids_.size() < static_cast<std::size_t>(rows()))
    ids_.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(shape.V))));
  return ids_;
}

const std::vector<OpCase>& op_cases() {
  using In = OpInputs;
  constexpr nn::Index r = 4;  // LoRA's, for the sum with its product
  static const std::vector<OpCase> cases{
      {"matmul",
       [](In& in) {
         return matmul(in.x(), in("w", {in.shape.C, in.shape.C}));
       }},
      {"matmul_nt",
       [](In& in) {
         return matmul_nt(in.x(), in("w", {in.shape.C, in.shape.C}));
       }},
      {"matmul_tn", [](In& in) { return matmul_tn(in.x(), in.x("z")); }},
      {"add_matmul_nt",
       [](In& in) {
         return add_matmul_nt(in.x(), in("a", {in.rows(), r}), in("b", {in.shape.C, r}));
       }},
      {"affine",
       [](In& in) {
         const nn::Index C = in.shape.C;
         return affine(in.x(), in("w", {4 * C, C}), in("bias", {4 * C}));
       }},
      {"transpose", [](In& in) { return transpose(in.x()); }},
      {"add", [](In& in) { return add(in.x(), in.x("z")); }},
      {"subtract", [](In& in) { return subtract(in.x(), in.x("z")); }},
      {"multiply", [](In& in) { return multiply(in.x(), in.x("z")); }},
      {"divide", [](In& in) { return divide(in.x(), in.x("z")); }},
      {"scale", [](In& in) { return scale(in.x(), 0.5); }},
      {"negate", [](In& in) { return negate(in.x()); }},
      {"add_row", [](In& in) { return add_row(in.x(), in("row", {in.shape.C})); }},
      {"multiply_row", [](In& in) { return multiply_row(in.x(), in("row", {in.shape.C})); }},
      {"exp", [](In& in) { return exp(in.x()); }},
      {"log", [](In& in) { return log(in.x()); }},
      {"sqrt", [](In& in) { return sqrt(in.x()); }},
      {"tanh", [](In& in) { return tanh(in.x()); }},
      {"sigmoid", [](In& in) { return sigmoid(in.x()); }},
      {"relu", [](In& in) { return relu(in.x()); }},
      {"gelu",
       [](In& in) {
         return gelu(in("x", {in.rows(), 4 * in.shape.C}));
       }},
      {"sum", [](In& in) { return sum(in.x()); }},
      {"mean", [](In& in) { return mean(in.x()); }},
      {"softmax", [](In& in) { return softmax(in.logits()); }},
      {"log_softmax", [](In& in) { return log_softmax(in.logits()); }},
      {"layernorm",
       [](In& in) {
         return layernorm(in.x(), in("weight", {in.shape.C}), in("bias", {in.shape.C}));
       }},
      {"dropout",
       [](In& in) {
         nn::Random random(0, "bench.ops.dropout");
         return dropout(in.x(), 0.1, random);
       }},
      {"reshape",
       [](In& in) {
         return reshape(in.x(), {in.shape.C, in.rows()});
       }},
      {"slice_rows", [](In& in) { return slice_rows(in.x(), 1, in.rows() / 2); }},
      {"slice_cols", [](In& in) { return slice_cols(in.x(), 1, in.shape.C / 2); }},
      {"concat_rows",
       [](In& in) {
         const Var parts[] = {in.x(), in.x("z")};
         return concat_rows(parts);
       }},
      {"concat_cols",
       [](In& in) {
         const Var parts[] = {in.x(), in.x("z")};
         return concat_cols(parts);
       }},
      {"take_rows",
       [](In& in) {
         return take_rows(in("table", {in.shape.V, in.shape.C}), in.ids());
       }},
      {"gather", [](In& in) { return gather(in.logits(), in.ids()); }},
      {"attention",
       [](In& in) {
         const Shape shape{in.shape.B, in.shape.T, in.shape.C};
         return attention(in("q", shape), in("k", shape), in("v", shape),
                          {.heads = in.shape.heads, .causal = true, .key_mask = {}});
       }},
      {"attention_textbook",
       [](In& in) {
         const Shape shape{in.shape.B, in.shape.T, in.shape.C};
         return attention_textbook(in("q", shape), in("k", shape), in("v", shape),
                                   {.heads = in.shape.heads, .causal = true, .key_mask = {}});
       }},
      {"cross_entropy",
       [](In& in) {
         autograd::CrossEntropySpec spec;
         spec.targets = in.ids();
         return cross_entropy(in.logits(), std::move(spec));
       }},
      {"kl_divergence", [](In& in) { return kl_divergence(in.logits(), in.logits("z")); }},
      {"mean_squared_error", [](In& in) { return mean_squared_error(in.x(), in.x("z")); }},
  };
  return cases;
}

}  // namespace experiments::bench
