#include "data/reorder.h"

#include "data/vocabulary.h"

namespace data {
namespace {

constexpr std::size_t length = 5;  // values in a prompt

// The set of values, as a mask: the types of a prompt differ, so no value occurs twice.
std::uint64_t meaning_of(const std::array<int, length>& values) {
  std::uint64_t mask = 0;
  for (const int v : values) mask |= std::uint64_t{1} << v;
  return mask;
}

std::array<int, length> draw_values(autograd::Random& stream) {
  const std::vector<int> types = stream.permutation(type_count);
  std::array<int, length> values{};
  for (std::size_t i = 0; i < length; ++i)
    values[i] = types[i] * values_per_type + static_cast<int>(stream.below(values_per_type));
  return values;
}

}  // namespace

Example reorder_example(autograd::Random& stream, const TypeOrder& order,
                        std::optional<Split> split) {
  std::array<int, length> values{};
  do values = draw_values(stream);
  while (!belongs(split, "reorder", meaning_of(values)));

  Example example{{word::mr}, 7, length, meaning_of(values)};
  for (const int v : values) example.tokens.push_back(word::values[v]);
  example.tokens.push_back(word::txt);
  for (const int type : order)
    for (const int v : values)
      if (v / values_per_type == type) example.tokens.push_back(word::values[v]);
  example.tokens.push_back(word::eos);
  return example;
}

}  // namespace data
