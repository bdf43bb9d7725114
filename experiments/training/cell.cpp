#include "experiments/training/cell.h"

#include <fmt/args.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "experiments/training/cell_fields.h"

namespace experiments::training {

std::vector<std::string> in_model_order(std::vector<std::string> targets) {
  static const std::vector<std::string> order{"q", "k", "v", "o", "up", "down", "ih", "hh"};
  const auto place = [](const std::string& name) {
    return std::pair(std::find(order.begin(), order.end(), name) - order.begin(), name);
  };
  std::sort(targets.begin(), targets.end(),
            [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return targets;
}

std::vector<int> in_model_order(std::vector<int> blocks) {
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

std::string weight_set(std::vector<std::string> targets) {
  return fmt::format("{}", fmt::join(in_model_order(std::move(targets)), ","));
}

namespace {

template <class Value>
std::string text_of_field(const Value& value) {
  return fmt::format("{}", value);
}
template <class Entry>
std::string text_of_field(const std::vector<Entry>& list) {
  return fmt::format("{}", fmt::join(in_model_order(list), ","));
}

// Adapters' folders are named by the key, and results are sorted by it, so it keeps its form: what
// came later follows behind.
constexpr const char* key_of_before =
    "{task} {method} size={size} targets={targets} rank={rank} alpha={alpha} scaling={scaling} "
    "init={init} dropout={dropout} optimizer={optimizer} base={base}:{width}:{base_seed} "
    "seed={seed} facts={facts} lr={lr} steps={steps} examples={examples}";

}  // namespace

std::string Cell::key() const {
  fmt::dynamic_format_arg_store<fmt::format_context> texts;
  std::string later;
  each_cell_field([&](const char* name, auto member, Written written) {
    const auto& value = this->*member;
    if (written == Written::always)
      texts.push_back(fmt::arg(name, text_of_field(value)));
    else if (value != Cell().*member)
      later += fmt::format(" {}={}", name, text_of_field(value));
  });
  return fmt::vformat(key_of_before, texts) + later;
}

std::vector<FieldText> field_texts(const Cell& cell) {
  std::vector<FieldText> texts;
  each_cell_field([&]<class Value>(const char* name, Value Cell::*member, Written written) {
    texts.push_back({.name = name,
                     .text = text_of_field(cell.*member),
                     .is_list = std::ranges::range<Value> && !std::is_same_v<Value, std::string>,
                     .came_later = written == Written::unless_default});
  });
  return texts;
}

}  // namespace experiments::training
