#include "nn/models/weights.h"

#include <fmt/format.h>

namespace nn::inline LOWRANK_PRECISION {

Tensor Weights::take(const std::string& parameter, const Stored& stored) {
  taken_[parameter] = stored;
  Tensor whole = read(stored.name, stored.shape);
  if (whole.empty()) return whole;
  if (stored.transposed) {
    Tensor turned;
    turned.shape = {whole.cols(), whole.rows()};
    turned.m = whole.m.transpose();
    whole = std::move(turned);
  }
  if (stored.rows == 0) return whole;
  Tensor part;
  if (whole.shape.rank() == 1) {  // whose elements are columns
    part.shape = {stored.rows};
    part.m = whole.m.middleCols(stored.begin, stored.rows);
  } else {
    part.shape = {stored.rows, whole.cols()};
    part.m = whole.m.middleRows(stored.begin, stored.rows);
  }
  return part;
}

Frozen parse_frozen(std::string_view text) {
  if (text == "f32") return Frozen::f32;
  if (text == "f16") return Frozen::f16;
  if (text == "bf16") return Frozen::bf16;
  throw std::invalid_argument(fmt::format("'{}' is none of f32, f16 and bf16", text));
}

void Weights::take_matrix(Parameter& made, const std::string& parameter, const Stored& stored) {
  made.value = take(parameter, stored);
  if (frozen == Frozen::f32 || made.value.empty()) return;
  try {
    keep_in_half(made, frozen == Frozen::f16 ? HalfType::f16 : HalfType::bf16);
  } catch (const std::range_error& error) {
    throw std::range_error(fmt::format("{}: {}", stored.name, error.what()));
  }
}

Tensor RandomWeights::read(const std::string& name, const Shape& shape) {
  if (shape.rank() > 1) return Random(seed_, name).normal(shape, stddev_);
  Tensor vector(shape);
  if (name.ends_with("weight")) vector.m.setOnes();
  return vector;
}

void Parts::visit(const std::string& prefix, const Module::Visitor& fn) const {
  for (const Part& part : parts_) {
    const std::string name = join(prefix, part.name);
    if (part.parameter) fn(name, *part.parameter);
    if (part.module) part.module->visit(name, fn);
    if (part.slot) (*part.slot)->visit(name, fn);
    if (part.table) (*part.table)->visit(name, fn);
  }
}

void Parts::visit_slots(const std::string& prefix, const Module::SlotVisitor& fn) const {
  for (const Part& part : parts_)
    if (part.slot) fn(join(prefix, part.name), *part.slot);
}

void Parts::visit_tables(const TableVisitor& fn) const {
  for (const Part& part : parts_)
    if (part.table) fn(part.name, *part.table);
}

void Builder::parameter(Parameter& made, const std::string& name, const Shape& shape) {
  const std::string full = join(name_, name);
  made.value = weights_.take(full, {full, shape});
  list_.parts_.push_back({full, &made});
}

void Builder::matrix(Parameter& made, const std::string& name, const Shape& shape) {
  const std::string full = join(name_, name);
  weights_.take_matrix(made, full, {full, shape});
  list_.parts_.push_back({full, &made});
}

void Builder::norm(std::unique_ptr<LayerNorm>& made, const std::string& name, Index size,
                   double eps) {
  const std::string full = join(name_, name);
  made = std::make_unique<LayerNorm>(0, eps);
  for (const auto& [which, p] : {std::pair{"weight", &made->weight}, {"bias", &made->bias}})
    p->value = weights_.take(join(full, which), {join(full, which), {size}});
  list_.parts_.push_back({full, nullptr, made.get()});
}

void Builder::norm(std::unique_ptr<RmsNorm>& made, const std::string& name, Index size,
                   double eps) {
  const std::string full = join(name_, name), weight = join(full, "weight");
  made = std::make_unique<RmsNorm>(eps);
  made->weight.value = weights_.take(weight, {weight, {size}});
  list_.parts_.push_back({full, nullptr, made.get()});
}

void Builder::table(std::unique_ptr<Embedding>& made, const std::string& name, Index rows,
                    Index cols) {
  const std::string full = join(name_, name), weight = join(full, "weight");
  made = std::make_unique<HalfEmbedding>(full);
  weights_.take_matrix(made->weight, weight, {weight, {rows, cols}});
  list_.parts_.push_back({full, nullptr, nullptr, nullptr, &made});
}

void Builder::slot(std::unique_ptr<Projection>& made, const std::string& name, Index in, Index out,
                   bool bias) {
  const std::string full = join(name_, name);
  slot(made, name, {join(full, "weight"), {out, in}},
       bias ? Stored{join(full, "bias"), {out}} : Stored{});
}

void Builder::slot(std::unique_ptr<Projection>& made, const std::string& name, const Stored& weight,
                   const Stored& bias) {
  const std::string full = join(name_, name);
  auto layer = std::make_unique<HalfLinear>(full);
  weights_.take_matrix(layer->weight, join(full, "weight"), weight);
  layer->bias.value = Tensor();
  if (!bias.name.empty()) layer->bias.value = weights_.take(join(full, "bias"), bias);
  made = std::move(layer);
  list_.parts_.push_back({full, nullptr, nullptr, &made});
}

}  // namespace nn::inline LOWRANK_PRECISION
